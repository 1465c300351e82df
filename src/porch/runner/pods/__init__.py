"""Functions in pods of a Kubernetes cluster: a pod is started for an image, kept for a while, and asked over gRPC."""

from porch.runner.pods.evaluator import PodEvaluator
from porch.runner.pods.settings import PodSettings

__all__ = ["PodEvaluator", "PodSettings"]
