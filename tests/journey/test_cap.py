"""A frequency cap in the whole program: who had a letter waits, and can see why."""

from journey.program import Shop, relay, until

START = ("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")


def test_who_had_a_letter_waits_at_no_cost_and_explain_names_the_cap(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port, cap={"letters": 1})
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, 31)])
        shop.run(*START)
        shop.start()
        shop.until_finished(1)
        connections = taken.sink.connections
        shop.run(*START, "--again")
        until(
            lambda: [one["reason"] for one in shop.deliveries(2)] == ["cap"] * 30,
            "the cap holds all of them",
        )
        assert taken.sink.connections == connections
        assert len(taken.letters) == 30
        told = shop.run("explain", "p7@example.com", "2")
        assert "waiting (cap), due on" in told
        assert "cap: 1 letter in 7 days" in told
