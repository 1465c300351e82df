"""Packages with pipelines, as people have them: workloads with their services and settings, a file each of 700 bytes.

Rendering one again changes nothing, so that a save which changes one file finds the others rendered already.
"""

from __future__ import annotations

from collections.abc import Sequence

_CATALOG = "ghcr.io/kptdev/krm-functions-catalog"
FIVE = (
    ("set-namespace:v0.4.5", {"namespace": "prod"}),
    ("set-labels:v0.2.3", {"team": "shop", "env": "prod"}),
    ("set-annotations:v0.1.5", {"owner": "shop@example.com"}),
    ("set-image:v0.1.2", {"name": "example.com/shop/web", "newTag": "v2"}),
    ("apply-setters:v0.2.2", {"replicas": "3", "tier": "gold"}),
)
TEN = (
    *FIVE,
    ("search-replace:v0.2.1", {"by-value": "Recreate", "put-value": "RollingUpdate"}),
    ("ensure-name-substring:v0.2.1", {"prepend": "prod-"}),
    ("search-replace:v0.2.1", {"by-value-regex": "^http://(.*)$", "put-value": "https://${1}"}),
    ("set-annotations:v0.1.5", {"stage": "live"}),
    ("delete-annotations:v0.1.0", {"annotationKeys": "example.com/scratch"}),
)
_SCRIPT = """\
def marked(resource):
  annotations = resource["metadata"].setdefault("annotations", {})
  annotations["example.com/checked"] = resource["kind"] + " of " + resource["metadata"]["name"]
  for container in resource.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
    container.setdefault("imagePullPolicy", "IfNotPresent")
for resource in ctx.resource_list["items"]:
  if resource["kind"] != "Kptfile":
    marked(resource)
"""
STARLARK = (("starlark:v0.5.5", {"source": "|\n" + "".join(f"        {line}\n" for line in _SCRIPT.splitlines())}),)
Functions = Sequence[tuple[str, dict[str, str]]]


def pipeline(functions: Functions) -> str:
    """The end of a Kptfile."""
    lines = ["pipeline:", "  mutators:"]
    for image, config in functions:
        lines += [f"  - image: {_CATALOG}/{image}", "    configMap:"]
        lines += [f"      {key}: {_value(value)}" for key, value in config.items()]
    return "\n".join(lines) + "\n"


def _value(text: str) -> str:
    return text if text.startswith("|") else f'"{text}"'


def resources(count: int, mark: str = "") -> dict[str, str]:
    """So many files. `mark` makes their contents differ from those of another package."""
    made = (_workload, _service, _settings)
    return {f"app-{number}.yaml": made[number % 3](f"app-{number}", mark) for number in range(count)}


def _workload(name: str, mark: str) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name} # of the shop
  annotations:
    example.com/mark: "{mark}"
spec:
  replicas: 1 # kpt-set: ${{replicas}}
  strategy:
    type: Recreate
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
      - name: web
        image: example.com/shop/web:v1
        args: ["--listen", "0.0.0.0:8080"]
        # The settings lie beside it.
        envFrom:
        - configMapRef:
            name: {name}
        ports:
        - containerPort: 8080
          name: http
        resources:
          limits: {{cpu: 500m, memory: 256Mi}}
          requests:
            cpu: 100m
            memory: 128Mi
"""


def _service(name: str, mark: str) -> str:
    return f"""\
# Where others find it
apiVersion: v1
kind: Service
metadata:
  name: {name}
  annotations:
    example.com/mark: "{mark}"
    example.com/docs: http://docs.example.com/shop/{name}
spec:
  type: ClusterIP
  selector:
    app: {name}
    tier: silver # kpt-set: ${{tier}}
  ports:
  - name: http # for everybody
    port: 80
    protocol: TCP
    targetPort: http
  - name: metrics
    port: 9090
    protocol: TCP
    targetPort: 9090
  - name: admin
    port: 8443
    protocol: TCP
    targetPort: 8443
  sessionAffinity: ClientIP
  sessionAffinityConfig:
    clientIP:
      timeoutSeconds: 600
"""


def _settings(name: str, mark: str) -> str:
    lines = "".join(f"  setting-{number}: value {number} of {name}\n" for number in range(10))
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations:
    example.com/mark: "{mark}"
data:
  url: http://{name}.example.com/
{lines}  script.sh: |
    #!/bin/sh
    # Started before the others are
    for each in one two three; do
      echo "starting $each of {name}"
    done
    exec /usr/bin/app --name {name} --wait
  level: "3"
"""
