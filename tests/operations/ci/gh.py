"""What the workflow uses of `gh api`, at the interface of GITHUB_API_URL: github.com cannot be asked here."""

import argparse
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["api"])
parser.add_argument("path")
parser.add_argument("--method")
parser.add_argument("--field", default="")
parser.add_argument("--jq")
parser.add_argument("--silent", action="store_true")
given = parser.parse_args()

name, _, file = given.field.partition("=@")
request = urllib.request.Request(
    f"{os.environ['GITHUB_API_URL']}/{given.path}",
    json.dumps({name: Path(file).read_text("utf-8")}).encode() if file else None,
    {"Authorization": f"Bearer {os.environ['GH_TOKEN']}", "Content-Type": "application/json"},
    method=given.method,
)
try:
    with urllib.request.urlopen(request) as answer:
        told = answer.read()
except urllib.error.HTTPError as error:
    sys.exit(f"gh: {error.reason} (HTTP {error.code})")
if given.jq:
    subprocess.run(["jq", "--raw-output", given.jq], input=told, check=True)
elif not given.silent:
    sys.stdout.buffer.write(told)
