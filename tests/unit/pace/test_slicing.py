import pytest

from mailer.pace.slicing import next_size


@pytest.mark.parametrize(
    ("size", "took_s", "want"),
    [
        (1000, 0.010, 1000),
        (1000, 0.020, 500),
        (1000, 0.001, 1500),
        (1000, 0.0, 1500),
        (1000, 10.0, 300),
        (20_000, 0.001, 20_000),
    ],
)
def test_a_slice_shrinks_at_once_and_grows_by_half_at_most(
    size: int, took_s: float, want: int
):
    assert next_size(size, took_s, 0.010) == want
