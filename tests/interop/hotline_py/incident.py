"""incident: the fold of a set of letters to one state."""

from .encoding import encode

(EFFECTIVE, ALSO, WRONG_PHASE, NOT_PERMITTED, NO_CALL, OTHER_STATUS,
 NOT_ADDRESSED, NO_RAISE, SECOND_RAISE) = range(9)
RAISE, ACK, SAY, UPDATE, RESOLVE, CANCEL, REOPEN, CANNOT_OPEN = range(1, 9)
DRILL, DRILL_ANSWER, RESEND = 9, 10, 11
CALL, FLASH = 1, 4


class Letter:
    """What the fold uses of a letter (1.2)."""

    def __init__(self, *, id, lab, person, cls, status, precedence, created,
                 answers, labs, type, seen, body, short):
        self.id, self.lab, self.person = id, lab, person
        self.cls, self.status, self.precedence = cls, status, precedence
        self.created, self.answers, self.labs = created, answers, labs
        self.type, self.seen, self.body, self.short = type, seen, body, short


def order(letters):
    """2.1"""
    left = {x.id: x for x in letters}
    out = []
    while left:
        ready = [x for x in left.values()
                 if not any(s in left for s in x.seen)]
        if not ready:
            raise ValueError("letters that name each other")
        following = min(ready, key=lambda x: (x.created, x.id))
        out.append(following)
        del left[following.id]
    return out


class Fold:
    """The state after each letter in turn (3)."""

    def __init__(self, incident):
        self.incident = incident
        self.phase = self.status = self.severity = self.certainty = 0
        self.kind = self.title = ""
        self.opening = None
        self.raise_letter = None
        self.letters, self.calls = [], {}

    def take(self, letter):
        self.letters.append([letter.id, self.effect(letter)])

    def effect(self, x):
        opens = x.type in (RAISE, DRILL)
        if opens and x.id != self.incident:
            return SECOND_RAISE
        if not opens:
            if self.phase == 0:
                return NO_RAISE
            if x.status != self.status:
                return OTHER_STATUS
            if x.lab not in self.raise_letter.labs:
                return NOT_ADDRESSED
        if x.cls == CALL and x.precedence == FLASH and x.short:
            return NOT_PERMITTED
        return {RAISE: self.raised, ACK: self.ack, SAY: self.say,
                UPDATE: self.update, RESOLVE: self.closed,
                CANCEL: self.closed, REOPEN: self.reopened,
                CANNOT_OPEN: lambda x: EFFECTIVE, DRILL: self.raised,
                DRILL_ANSWER: self.ack,
                RESEND: lambda x: EFFECTIVE}[x.type](x)

    def add_call(self, x):
        self.calls[x.id] = (x, {})

    def raised(self, x):
        self.raise_letter, self.phase, self.status = x, 1, x.status
        self.opening = x.id
        if x.type == DRILL:
            self.kind, self.severity, self.certainty = "drill", 0, 0
            self.title = ""
        else:
            self.kind, self.severity, self.certainty = (
                x.body[0], x.body[1], x.body[3])
            self.title = x.body[7]
        self.add_call(x)
        return EFFECTIVE

    def ack(self, x):
        if x.answers not in self.calls:
            return NO_CALL
        call, answers = self.calls[x.answers]
        if x.lab not in call.labs or x.lab == call.lab:
            return NOT_ADDRESSED
        if x.lab in answers:
            return ALSO
        answers[x.lab] = [x.lab, x.id, x.body[0] if x.type == ACK else 1]
        return EFFECTIVE

    def say(self, x):
        if x.cls == CALL:
            self.add_call(x)
        return EFFECTIVE

    def update(self, x):
        severity, certainty, title = x.body[:3]
        if x.lab == self.raise_letter.lab:
            if severity is not None:
                self.severity = severity
            if certainty is not None:
                self.certainty = certainty
            if title is not None:
                self.title = title
        elif (severity, certainty, title) != (None, None, None):
            return NOT_PERMITTED
        return self.say(x)

    def closed(self, x):
        if x.lab != self.raise_letter.lab or x.short:
            return NOT_PERMITTED
        if self.phase != 1:
            return WRONG_PHASE
        self.phase = 2 if x.type == RESOLVE else 3
        return EFFECTIVE

    def reopened(self, x):
        if self.phase not in (2, 3):
            return WRONG_PHASE
        self.phase, self.opening = 1, x.id
        self.add_call(x)
        return EFFECTIVE

    def state(self):
        """4.1"""
        calls = [[id_, [answers[lab] for lab in sorted(answers)]]
                 for id_, (_, answers) in self.calls.items()]
        return [self.incident, self.phase, self.status, self.kind,
                self.severity, self.certainty, self.title, self.opening,
                self.letters, calls]


def fold(incident, letters):
    """The canonical state of a set of letters."""
    state = Fold(incident)
    for letter in order(letters):
        state.take(letter)
    return encode(state.state())
