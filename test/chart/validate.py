"""Checks Kubernetes objects against offline schemas: JSON {versions, objects} on stdin, JSON list of messages on stdout."""

import json
import sys

import kubernetes_validate

request = json.load(sys.stdin)
problems = []
for version in request["versions"]:
    for obj in request["objects"]:
        name = f"{version} {obj['kind']} {obj['metadata']['name']}"
        try:
            kubernetes_validate.validate(obj, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{name}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError:
            problems.append(f"{name}: no schema")
json.dump(problems, sys.stdout)
