"""Compare what the service sees and says with what the model was trained on.

`python -m project_package.monitoring report` does it once, `… serve` again and
again. Only numpy, scipy and what the service has already are needed.
"""
