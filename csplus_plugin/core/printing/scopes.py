"""Where a step belongs: to the innermost function on whose argument it depends, or to the script itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from .nodes import Argument, Constant, Function, Node


class Scopes:
    """Knows where steps belong, and how often each is used there.

    Args:
        children: Gives what is written inside a step.
    """

    def __init__(self, children: Callable[[Node], tuple[Node, ...]]) -> None:
        self._children = children
        self._free: dict[Node, frozenset[str]] = {}
        self.uses: Counter[tuple[Function | None, Node]] = Counter()

    def count(self, node: Node, functions: Sequence[Function] = ()) -> None:
        """Count the uses of a step and of all inside it.

        Args:
            node: The step.
            functions: Those around it, the outermost first.
        """
        if isinstance(node, Constant | Argument):
            return
        use = self.owner(node, functions), node
        self.uses[use] += 1
        if self.uses[use] > 1:
            return
        if isinstance(node, Function):
            self.count(node.body, [*functions, node])
        for child in self._children(node):
            self.count(child, functions)

    def owner(self, node: Node, functions: Sequence[Function | None]) -> Function | None:
        """Find the function that a step belongs to; None for the script itself."""
        free = self._arguments_in(node)
        return next(
            (f for f in reversed(functions) if f is not None and free.intersection(f.parameters)), None
        )

    def _arguments_in(self, node: Node) -> frozenset[str]:
        """Find the arguments on which a step depends."""
        if node not in self._free:
            if isinstance(node, Argument):
                self._free[node] = frozenset((node.name,))
            elif isinstance(node, Function):
                self._free[node] = self._arguments_in(node.body).difference(node.parameters)
            else:
                self._free[node] = frozenset().union(*map(self._arguments_in, self._children(node)))
        return self._free[node]
