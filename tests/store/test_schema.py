from mailer.store import schema


def test_x(database):
    assert schema.differences(database) == []
    assert schema.version(database) == "0001"
