"""incident.json: sets of letters and the state that they fold to."""

from hotline_py.encoding import encode
from hotline_py.incident import Letter, fold
from world import NOW, Rng, raise_body

RAISE, ACK, SAY, UPDATE, RESOLVE, CANCEL, REOPEN, CANNOT_OPEN = range(1, 9)
DRILL, DRILL_ANSWER, RESEND = 9, 10, 11
CLASS = {RAISE: 1, ACK: 2, SAY: 4, UPDATE: 4, RESOLVE: 3, CANCEL: 3,
         REOPEN: 1, CANNOT_OPEN: 4, DRILL: 1, DRILL_ANSWER: 2, RESEND: 4}
LABS = {n: bytes([ord(n)]) * 32 for n in "abcd"}


class Set:
    """Letters of one incident by short names."""

    def __init__(self, name):
        self.rng = Rng("incident/" + name)
        self.letters, self.incident = {}, None
        self.clock = NOW

    def put(self, name, lab, type, body, *, seen=(), answers=None, cls=None,
            status=1, precedence=2, short=False, labs="abc", created=None,
            id=None):
        self.clock += 1000
        letter = Letter(
            id=id or self.rng.take(32), lab=LABS[lab], person="p of " + lab,
            cls=cls or CLASS[type], status=status, precedence=precedence,
            created=self.clock if created is None else created,
            answers=self.letters[answers].id if answers else None,
            labs=sorted(LABS[x] for x in labs), type=type,
            seen=sorted(self.letters[s].id for s in seen), body=body,
            short=short)
        self.letters[name] = letter
        return letter

    def open(self, name="r", **how):
        body = how.pop("body", raise_body())
        letter = self.put(name, "a", RAISE, body, **how)
        self.incident = letter.id
        return letter

    def ack(self, name, lab, call="r", answer=2, **how):
        how.setdefault("seen", (call,))
        redirect = "gamma" if answer == 4 else None
        return self.put(name, lab, ACK, [answer, "text", redirect],
                        answers=call, **how)

    def say(self, name, lab, seen=("r",), **how):
        return self.put(name, lab, SAY, ["hello", []], seen=seen, **how)

    def update(self, name, lab, severity=None, certainty=None, title=None,
               seen=("r",), **how):
        return self.put(name, lab, UPDATE,
                        [severity, certainty, title, "text", [], []],
                        seen=seen, **how)

    def close(self, name, lab="a", type=RESOLVE, seen=("r",), **how):
        return self.put(name, lab, type, ["done"], seen=seen, **how)

    def reopen(self, name, lab, seen, **how):
        return self.put(name, lab, REOPEN, ["again"], seen=seen, **how)

    def cannot(self, name, lab, letter="r", **how):
        return self.put(name, lab, CANNOT_OPEN, [18], seen=(letter,),
                        answers=letter, **how)

    def resend(self, name, lab, letter="r", seen=(), **how):
        return self.put(name, lab, RESEND, [bytes(32)],
                        seen=(letter,) + tuple(seen), answers=letter, **how)


    def drill(self, name="r", lab="a", text="Do you read us?", **how):
        how.setdefault("status", 2)
        letter = self.put(name, lab, DRILL, [text], **how)
        self.incident = self.incident or letter.id
        return letter

    def drill_answer(self, name, lab, call="r", **how):
        how.setdefault("seen", (call,))
        how.setdefault("status", 2)
        return self.put(name, lab, DRILL_ANSWER, [""], answers=call, **how)


CASES = []


def case(function):
    CASES.append((function.__name__.replace("_", " "), function))
    return function


@case
def a_raise_alone(s):
    s.open()


@case
def one_answer(s):
    s.open()
    s.ack("k", "b")


@case
def all_answers(s):
    s.open()
    for n, lab in enumerate("bc"):
        s.ack("k%d" % n, lab, answer=1 + n)


@case
def each_answer_code(s):
    s.open(labs="abcd")
    s.ack("k1", "b", answer=3)
    s.ack("k2", "c", answer=4)
    s.ack("k3", "d", answer=1)


@case
def two_answers_of_one_lab(s):
    s.open()
    s.ack("k1", "b", answer=1)
    s.ack("k2", "b", answer=3, seen=("r", "k1"))


@case
def two_answers_at_once_by_created(s):
    s.open()
    s.ack("k1", "b", answer=1, created=NOW + 9000)
    s.ack("k2", "b", answer=3, created=NOW + 8000)


@case
def two_answers_at_once_by_id(s):
    s.open()
    s.ack("k1", "b", answer=1, created=NOW + 9000, id=b"\xf0" * 32)
    s.ack("k2", "b", answer=3, created=NOW + 9000, id=b"\x0f" * 32)


@case
def seen_goes_before_created(s):
    s.open()
    s.ack("k1", "b", answer=1, created=NOW + 9000)
    s.ack("k2", "b", answer=3, created=NOW + 1, seen=("r", "k1"))


@case
def answer_with_a_clock_before_the_raise(s):
    s.open(created=NOW + 10 ** 9)
    s.ack("k", "b", created=0)


@case
def answer_of_the_calling_lab(s):
    s.open()
    s.ack("k", "a")


@case
def answer_of_a_lab_not_called(s):
    s.open()
    s.ack("k", "d")


@case
def answer_to_what_is_no_call(s):
    s.open()
    s.say("s", "b")
    s.ack("k", "c", call="s", seen=("r", "s"))


@case
def answer_to_a_call_not_held(s):
    s.open()
    s.say("s", "b", cls=1)
    s.ack("k", "c", call="s", seen=("r", "s"))
    del s.letters["s"]


@case
def partial_set_without_the_raise(s):
    s.open()
    s.ack("k", "b")
    s.say("s", "c")
    s.close("z", seen=("k", "s"))
    del s.letters["r"]


@case
def empty_set(s):
    s.open()
    s.letters.clear()


@case
def another_status(s):
    s.open(status=2)
    s.ack("k", "b", status=1)
    s.say("s", "b", status=3)
    s.ack("k2", "c", status=2)


@case
def a_lab_outside(s):
    s.open()
    s.say("s", "d")
    s.update("u", "d", severity=0)
    s.close("z", "d")
    s.cannot("n", "d")


@case
def another_status_goes_before_a_lab_outside(s):
    s.open()
    s.say("s", "d", status=2)


@case
def a_second_raise(s):
    s.open()
    s.put("r2", "a", RAISE, raise_body(kind="near.miss", fields=()),
          seen=("r",))


@case
def another_raise_alone(s):
    s.open()
    s.put("r2", "b", RAISE, raise_body())
    del s.letters["r"]


@case
def a_say_as_a_call(s):
    s.open()
    s.say("s", "b", cls=1, labs="abc")
    s.ack("k", "a", call="s", seen=("r", "s"))
    s.ack("k2", "b", call="s", seen=("r", "s"))
    s.ack("k3", "c", call="s", seen=("r", "s"))


@case
def a_call_to_one_lab(s):
    s.open()
    s.say("s", "b", cls=1, labs="ab")
    s.ack("k", "c", call="s", seen=("r", "s"))
    s.ack("k2", "a", call="s", seen=("r", "s"))


@case
def update_by_the_raising_lab(s):
    s.open()
    s.update("u", "a", severity=4, certainty=1, title="Worse")


@case
def update_of_severity_0(s):
    s.open()
    s.update("u", "a", severity=0)
    s.update("u2", "a", certainty=0, seen=("u",))


@case
def updates_in_order(s):
    s.open()
    s.update("u", "a", severity=4, created=NOW + 90000)
    s.update("u2", "a", severity=1, created=NOW + 80000)
    s.update("u3", "a", title="Last", seen=("u",), created=NOW)


@case
def update_as_a_call(s):
    s.open()
    s.update("u", "a", severity=4, cls=1)
    s.ack("k", "b", call="u", seen=("u",))


@case
def update_by_another_lab(s):
    s.open()
    s.update("u", "b")
    s.update("u2", "b", severity=1)
    s.update("u3", "c", title="Mine", cls=1)
    s.ack("k", "b", call="u3", seen=("u3",))


@case
def resolved(s):
    s.open()
    s.ack("k", "b")
    s.close("z", seen=("k",))


@case
def cancelled(s):
    s.open()
    s.close("z", type=CANCEL)


@case
def closed_twice(s):
    s.open()
    s.close("z")
    s.close("z2", type=CANCEL)


@case
def closed_by_another_lab(s):
    s.open()
    s.close("z", "b")
    s.close("z2", "c", type=CANCEL)


@case
def closed_short(s):
    s.open(precedence=4)
    s.close("z", short=True, precedence=4)
    s.close("z2", short=False, precedence=1, seen=("z",))


@case
def permission_goes_before_phase(s):
    s.open()
    s.close("z")
    s.close("z2", "b", seen=("z",))


@case
def resolve_and_cancel_at_once(s):
    s.open()
    s.close("z", created=NOW + 7000)
    s.close("z2", type=CANCEL, created=NOW + 6000)


@case
def answer_after_the_end(s):
    s.open()
    s.close("z")
    s.ack("k", "b", seen=("r", "z"))
    s.update("u", "a", severity=1, seen=("z",))


@case
def reopened_by_the_raising_lab(s):
    s.open()
    s.ack("k", "b")
    s.close("z", seen=("k",))
    s.reopen("o", "a", ("z",))


@case
def reopened_by_another_lab_and_answered(s):
    s.open()
    s.close("z", type=CANCEL)
    s.reopen("o", "b", ("z",))
    s.ack("k", "a", call="o", seen=("o",))
    s.ack("k2", "b", call="o", seen=("o",))
    s.ack("k3", "c", call="r", seen=("o",))


@case
def reopened_while_open(s):
    s.open()
    s.reopen("o", "b", ("r",))


@case
def reopened_and_closed_again(s):
    s.open()
    s.close("z")
    s.reopen("o", "c", ("z",))
    s.close("z2", seen=("o",), type=CANCEL)
    s.reopen("o2", "a", ("z2",))


@case
def reopened_by_a_lab_outside(s):
    s.open()
    s.close("z")
    s.reopen("o", "d", ("z",))


@case
def reopened_twice_at_once(s):
    s.open()
    s.close("z")
    s.reopen("o", "b", ("z",), created=NOW + 90000)
    s.reopen("o2", "c", ("z",), created=NOW + 80000)


@case
def a_short_raise(s):
    s.open(precedence=4, short=True)
    s.ack("k", "b")
    s.say("s", "a")


@case
def a_short_call(s):
    s.open()
    s.say("s", "b", cls=1, precedence=4, short=True)
    s.ack("k", "c", call="s", seen=("s",))
    s.update("u", "a", severity=4, cls=1, precedence=4, short=True)


@case
def a_short_call_below_flash(s):
    s.open()
    s.say("s", "b", cls=1, precedence=3, short=True)
    s.ack("k", "c", call="s", seen=("s",))


@case
def a_short_notice_with_flash(s):
    s.open()
    s.say("s", "b", precedence=4, short=True)


@case
def a_short_reopen(s):
    s.open()
    s.reopen("o", "b", ("r",), precedence=4, short=True)
    s.close("z", seen=("o",))
    s.reopen("o2", "b", ("z",), precedence=4, short=True)


@case
def cannot_open(s):
    s.open()
    s.cannot("n", "b")
    s.cannot("n2", "c", "n", status=1)


@case
def resend(s):
    s.open()
    s.cannot("n", "b")
    s.resend("a", "a", seen=("n",))
    s.resend("a2", "b", "n", status=2)
    s.ack("k", "b", seen=("r", "a"))
    s.close("z", seen=("k",))
    s.resend("a3", "d", "k")


@case
def an_exercise(s):
    s.open(status=2, body=raise_body(kind="sys.exercise", severity=0,
                                     certainty=0, fields=()))
    s.ack("k", "b", status=2)


@case
def seen_that_is_not_held(s):
    s.open()
    s.say("s", "b")
    s.say("s2", "c", seen=("s",), created=0)
    del s.letters["s"]


@case
def a_long_line_by_id(s):
    s.open()
    for n in range(12):
        s.say("s%d" % n, "abc"[n % 3], created=NOW + 50000)


@case
def a_title_in_two_scripts(s):
    s.open(body=raise_body(title="\u0141\u00f3d\u017a \u65e5\u672c"))


@case
def a_drill_and_an_ack(s):
    s.drill()
    s.ack("k", "b", status=2)


@case
def a_drill_answered_by_both_types(s):
    s.drill()
    s.drill_answer("k1", "b")
    s.ack("k2", "c", answer=2, status=2)
    s.drill_answer("k3", "c", seen=("r", "k2"))


@case
def a_machine_test_and_its_answer(s):
    s.drill(text="", status=3, precedence=3, labs="ab")
    s.drill_answer("k", "b", status=3)


@case
def a_second_drill(s):
    s.drill()
    s.drill("r2", "b")
    s.ack("k", "c", call="r2", status=2)


@case
def a_drill_in_a_raised_incident(s):
    s.open(status=2)
    s.drill("d", "b")
    s.drill_answer("k", "b")


@case
def a_drill_answered_as_actual(s):
    s.drill()
    s.ack("k", "b")
    s.drill_answer("k2", "c", status=3)


@case
def a_drill_answered_by_its_own_lab_and_by_one_not_addressed(s):
    s.drill()
    s.drill_answer("k1", "a")
    s.drill_answer("k2", "d")


@case
def a_drill_resolved_and_opened_again(s):
    s.drill()
    s.drill_answer("k", "b")
    s.close("x", seen=("k",), status=2)
    s.reopen("o", "b", seen=("x",), status=2)
    s.drill_answer("k2", "a", call="o")


@case
def a_drill_by_FLASH_that_is_short(s):
    s.drill(precedence=4, short=True)
    s.drill_answer("k", "b")


@case
def an_update_of_a_drill(s):
    s.drill()
    s.update("u", "a", severity=4, title="no more a drill", status=2)


def random_set(s):
    """Letters of every type by any lab, naming any letters before."""
    s.open(labs="abc", precedence=1 + s.rng.below(4))
    for n in range(3 + s.rng.below(12)):
        names = list(s.letters)
        lab = "abcd"[s.rng.below(4)] if s.rng.below(4) == 0 \
            else "abc"[s.rng.below(3)]
        call = names[s.rng.below(len(names))]
        seen = {call, names[s.rng.below(len(names))]}
        how = dict(seen=sorted(seen), created=NOW + s.rng.below(5) * 1000,
                   short=s.rng.below(5) == 0,
                   status=2 if s.rng.below(9) == 0 else 1,
                   precedence=1 + s.rng.below(4))
        what = s.rng.below(8)
        name = "l%d" % n
        if what <= 1:
            s.ack(name, lab, call=call, answer=1 + s.rng.below(4), **how)
        elif what == 2:
            s.say(name, lab, cls=(1, 4)[s.rng.below(2)], **how)
        elif what == 3:
            s.update(name, lab, (None, 0, 4)[s.rng.below(3)], None,
                     (None, "t%d" % n)[s.rng.below(2)],
                     cls=(1, 4)[s.rng.below(2)], **how)
        elif what <= 5:
            s.close(name, "aab"[s.rng.below(3)],
                    (RESOLVE, CANCEL)[s.rng.below(2)], **how)
        elif what == 6:
            s.reopen(name, lab, **how)
        else:
            how.pop("seen")
            s.cannot(name, lab, call, **how)
    if s.rng.below(4) == 0:
        names = list(s.letters)
        del s.letters[names[s.rng.below(len(names))]]


def letter_json(x):
    return {"id": x.id, "lab_id": x.lab, "person": x.person, "class": x.cls,
            "status": x.status, "precedence": x.precedence,
            "created": x.created, "answers": x.answers, "labs": x.labs,
            "type": x.type, "seen": x.seen, "body": encode(x.body),
            "short": x.short}


def make_incident():
    out = []
    cases = list(CASES)
    cases += [("random %d" % n, random_set) for n in range(40)]
    for name, build in cases:
        s = Set(name)
        build(s)
        letters = list(s.letters.values())
        out.append({"name": name, "incident": s.incident,
                    "letters": [letter_json(x) for x in letters],
                    "state": fold(s.incident, letters)})
    return {"page": "incident", "cases": out}
