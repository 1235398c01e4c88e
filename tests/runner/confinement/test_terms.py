from k6_runner.confinement.terms import Abilities, Network, Terms


def test_terms_survive_the_way_to_another_program():
    terms = Terms(
        "/room",
        ["/a"],
        ["/k6"],
        Network(internet=True, ports=[[80, 80], [3000, 3001]]),
        pretended=Abilities(3, True),
    )
    assert Terms.from_json(terms.to_json()) == terms
    assert Terms.from_json(Terms("/room é").to_json()) == Terms("/room é")._replace(
        readable=[], executable=[]
    )
