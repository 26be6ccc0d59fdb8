"""What every adapter of a role must do, as checks that anybody can run on an adapter of their own.

A `Subject` says how to build the adapter and who stands in for its provider; a role's module holds `CHECKS`, functions
that take a subject and raise AssertionError:

    @pytest.mark.parametrize("check", llm.CHECKS, ids=lambda check: check.__name__)
    def test_it_conforms(check):
        asyncio.run(check(SUBJECT))
"""
