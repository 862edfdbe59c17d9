"""The 28 tests of the ML Test Score, each shown by something that was run: `make score`.

Breck et al., The ML Test Score: A Rubric for ML Production Readiness and Technical Debt
Reduction, IEEE Big Data 2017.
"""
