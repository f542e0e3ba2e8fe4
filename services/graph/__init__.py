"""The dependency graph: walks over it (pure), and the copy each process keeps of the present one."""

from services.graph.causes import Cause, Reading, read
from services.graph.walks import HARD, SOFT, Edge, Graph, Node, Reached, Spread

__all__ = ["HARD", "SOFT", "Cause", "Edge", "Graph", "Node", "Reached", "Reading", "Spread", "read"]
