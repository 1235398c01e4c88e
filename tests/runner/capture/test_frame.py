from k6_runner.capture.frame import Chunk, Frame, NewMetric, NewSeries, pack, unpack


def test_a_frame_survives_the_way_between_the_processes():
    frame = Frame(
        [NewMetric(0, "http_reqs", "counter")],
        [NewSeries(3, 0, {"name": "a\nb", "group": "größe"})],
        [Chunk(0, 2, 1_800_000_002, bytes(range(256)))],
        folded=4,
        dropped=5,
    )
    line = frame.line()

    assert line.count(b"\n") == 1
    assert Frame.from_line(line) == frame


def test_a_frame_without_news_is_not_worth_sending():
    assert not Frame(folded=1).has_news
    assert Frame(chunks=[Chunk(0, 1, 1, b"")]).has_news


def test_cells_come_out_of_a_chunk_as_they_went_in():
    assert unpack(pack([(1, 1_800_000_000, [2.5, [1, 2]])])) == [[1, 1_800_000_000, [2.5, [1, 2]]]]
