"""What crosses several stations."""

from agent.records import row_id


def test_the_id_of_a_row_never_changes() -> None:
    """Rows that stand in a journal are found again, also those whose names are no proper text."""
    assert row_id("change/kb/v2") == "32ac0dbc58b0b9195452913036409bb6"
    assert row_id("a\ud800") != row_id("a\ud801")
