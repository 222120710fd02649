"""Which measure of a ranking is compared, such as recall@10."""

import re
from typing import Final, Literal, NamedTuple

from agent.aggregate.ranking import DISCOUNTS, measure
from agent.errors import Misconfigured, Mistake

DEEPEST: Final = len(DISCOUNTS)
NAME: Final = re.compile(r"(ndcg|mrr|recall)@([1-9][0-9]{0,3})", re.ASCII)


class Metric(NamedTuple):
    """A measure at a depth k of 1 to 1,000; each value is in 0..1."""

    kind: Literal["ndcg", "mrr", "recall"]
    k: int

    def __str__(self) -> str:
        return f"{self.kind}@{self.k}"

    def of(self, ranked: list[str], relevant: dict[str, float]) -> float:
        """The value of one ranking; `relevant` is not empty, its grades are positive."""
        return float(getattr(measure(ranked, relevant, self.k), self.kind))


def metric_of(text: str) -> Metric:
    """Read `ndcg@10`, `mrr@10`, `recall@100`; raises Misconfigured."""
    found = NAME.fullmatch(text)
    if found is None or int(found[2]) > DEEPEST:
        expected = f"expected ndcg@K, mrr@K or recall@K with a K of 1 to {DEEPEST:,}, found {text!r}"
        raise Misconfigured([Mistake("--metric", "", expected)])
    return Metric(found[1], int(found[2]))  # type: ignore[arg-type]  # one of the three, as the pattern says
