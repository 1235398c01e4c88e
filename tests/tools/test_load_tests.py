from worlds import content_of, open_world


async def test_x():
    async with open_world() as w, w.connect() as client:
        r = await client.call_tool("list_load_tests", {})
        print(content_of(r))
        i = await w.new_test()
        r = await client.call_tool("start_load_test", {"load_test_id": i})
        print(r)
