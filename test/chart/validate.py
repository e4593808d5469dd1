"""Checks Kubernetes objects against offline schemas: JSON [{name, versions, object}] on stdin, JSON messages on stdout."""

import json
import sys
from functools import lru_cache

import kubernetes_validate
from kubernetes_validate import utils

# it reads and parses the whole schema for each object
for function in ("schema_contents", "all_versions"):
    setattr(utils, function, lru_cache(maxsize=None)(getattr(utils, function)))

problems = []
for request in json.load(sys.stdin):
    for version in request["versions"]:
        name = f"{version} {request['name']}"
        try:
            kubernetes_validate.validate(request["object"], version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{name}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError:
            problems.append(f"{name}: no schema")
json.dump(problems, sys.stdout)
