"""What a deployment left comparable."""

from agent.alerting.measures import Quality, Thresholds
from agent.alerting.notice import AFTER
from tests.alerting.traffic import START, evaluator, history, key, row, walk

QUALITY = Quality(hit_threshold=Thresholds(default=0.35))


def test_a_model_with_other_scores_is_compared_by_labels() -> None:
    """Said once, an hour after: scores of two models have no common scale, labels and zero results do; and nothing fell."""
    judge = evaluator(history((6000, 5400, 1200, 1080)), QUALITY)
    new = key(model="m2", version="v42")
    minutes = [[row(START + at, new, 100, 10, 10, 9)] for at in range(AFTER + 30)]
    assert walk(judge, minutes) == []
    ((change, notice),) = judge.notices.items()
    assert change.embedding_model == "m2"
    assert notice.compared == ("recall_at_k", "has_results")
    assert list(notice.not_compared) == ["hit_rate", "similarity_mean"]
    assert notice.text(change).startswith(
        "Deployment of embedding model m2 (index version v42) in kb: compared by recall of labelled queries, queries without results."
        " Not compared: hit rate (no earlier traffic on model m2"
    )


def test_an_index_on_the_same_model_is_compared_by_everything() -> None:
    """The same model has the same scale."""
    judge = evaluator(history((6000, 5400, 1200, 1080)), QUALITY)
    assert walk(judge, [[row(START + at, key(), 100, 90, 10, 9)] for at in range(AFTER + 30)]) == []
    (notice,) = judge.notices.values()
    assert len(notice.compared) == 4
    assert not notice.not_compared
