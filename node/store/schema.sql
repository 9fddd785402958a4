-- What a node keeps. Each step below is run once, in order, within one
-- transaction, and the number of the last one is the file's user_version.
-- A step that has been released is never changed: a new one is added.

-- step 1

CREATE TABLE meta (
	name TEXT PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Signed documents: cards (1), directories (2), sealing keys (3) and
-- suspensions (4); sorts as in the protocol. aside: a card that equivocates.
CREATE TABLE doc (
	sort INTEGER NOT NULL,
	lab BLOB NOT NULL,
	key BLOB NOT NULL,
	version INTEGER NOT NULL,
	aside INTEGER NOT NULL,
	hash BLOB NOT NULL,
	doc BLOB NOT NULL,
	PRIMARY KEY (sort, lab, key, version, aside, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX doc_hash ON doc (hash, sort);

CREATE TABLE psk (
	lab BLOB PRIMARY KEY,
	psk BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Ids are kept for ever: nothing is taken in twice.
CREATE TABLE letter (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	origin BLOB NOT NULL,
	sender BLOB NOT NULL,
	incident BLOB NOT NULL,
	class INTEGER NOT NULL,
	precedence INTEGER NOT NULL,
	status INTEGER NOT NULL,
	stored INTEGER NOT NULL,
	sum BLOB NOT NULL,
	doc BLOB NOT NULL
) STRICT;
CREATE INDEX letter_calls ON letter (sender, stored) WHERE class = 1;
CREATE INDEX letter_ends ON letter (incident, class) WHERE class IN (2, 3);

-- Copies that wait for a card, each kind of bytes on its own.
CREATE TABLE waiting (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL,
	origin BLOB NOT NULL,
	stored INTEGER NOT NULL,
	sum BLOB NOT NULL UNIQUE,
	doc BLOB NOT NULL
) STRICT;
CREATE INDEX waiting_origin ON waiting (origin, number);
CREATE INDEX waiting_id ON waiting (id);

-- outgoing 2: the incoming one as it was before the peer began it anew.
CREATE TABLE channel (
	peer BLOB NOT NULL,
	outgoing INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	number INTEGER NOT NULL,
	link BLOB NOT NULL,
	time INTEGER NOT NULL,
	head_number INTEGER NOT NULL,
	head_link BLOB NOT NULL,
	since INTEGER NOT NULL,
	delivered INTEGER NOT NULL,
	stated INTEGER NOT NULL,
	pulse INTEGER NOT NULL,
	PRIMARY KEY (peer, outgoing)
) STRICT, WITHOUT ROWID;

-- receipt: the first receipt statement that covers the entry, 0 none.
CREATE TABLE entry (
	peer BLOB NOT NULL,
	outgoing INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	number INTEGER NOT NULL,
	sort INTEGER NOT NULL,
	id BLOB NOT NULL,
	time INTEGER NOT NULL,
	link BLOB NOT NULL,
	state INTEGER NOT NULL,
	code INTEGER NOT NULL,
	open INTEGER NOT NULL,
	precedence INTEGER NOT NULL,
	receipt INTEGER NOT NULL,
	PRIMARY KEY (peer, outgoing, epoch, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_id ON entry (id, outgoing, peer, epoch);
CREATE INDEX entry_open ON entry (peer, outgoing, epoch, precedence, number)
	WHERE open = 1;
CREATE INDEX entry_refused ON entry (peer, outgoing, epoch, number)
	WHERE state = 3;
CREATE INDEX entry_card ON entry (peer, outgoing, epoch, number)
	WHERE sort = 2;

-- kind 1: heads, number is the one they name; 2: receipts.
CREATE TABLE statement (
	row INTEGER PRIMARY KEY,
	peer BLOB NOT NULL,
	outgoing INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	number INTEGER NOT NULL,
	contrary INTEGER NOT NULL,
	doc BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX statement_head
	ON statement (peer, outgoing, epoch, number, contrary) WHERE kind = 1;

-- deadline is on the node's own scale of time; state 1 ringing, 2 answered,
-- 3 closed, 4 overdue; closed: when a closed one ended.
CREATE TABLE call (
	id BLOB PRIMARY KEY,
	incident BLOB NOT NULL,
	lab BLOB NOT NULL,
	precedence INTEGER NOT NULL,
	status INTEGER NOT NULL,
	stored INTEGER NOT NULL,
	deadline INTEGER NOT NULL,
	state INTEGER NOT NULL,
	closed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX call_ringing ON call (deadline) WHERE state = 1;
CREATE INDEX call_incident ON call (incident) WHERE state IN (1, 4);
CREATE INDEX call_overdue ON call (deadline) WHERE state = 4;
CREATE INDEX call_closed ON call (closed) WHERE state = 3;

CREATE TABLE feed (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	sort INTEGER NOT NULL,
	id BLOB NOT NULL,
	lab BLOB,
	value INTEGER NOT NULL,
	time INTEGER NOT NULL
) STRICT;
CREATE INDEX feed_links ON feed (time) WHERE sort = 8;

-- step 2

-- After a restored backup: from where on a peer is asked for the own lab's
-- channel to it.
CREATE TABLE lost (
	peer BLOB PRIMARY KEY,
	epoch INTEGER NOT NULL,
	number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls of the own lab, once for each lab that is to answer; deadline on the
-- node's own scale of time; state 1 waits, 2 answered, 3 closed, 4 unanswered.
CREATE TABLE asked (
	call BLOB NOT NULL,
	lab BLOB NOT NULL,
	incident BLOB NOT NULL,
	precedence INTEGER NOT NULL,
	status INTEGER NOT NULL,
	stored INTEGER NOT NULL,
	deadline INTEGER NOT NULL,
	state INTEGER NOT NULL,
	PRIMARY KEY (call, lab)
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_waiting ON asked (deadline) WHERE state = 1;
CREATE INDEX asked_incident ON asked (incident) WHERE state IN (1, 4);

-- The scale of time that deadlines are on: ahead of the clock of one boot of
-- the machine, in ms.
CREATE TABLE scale (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	boot BLOB NOT NULL,
	ahead INTEGER NOT NULL
) STRICT;

-- Runs of hooks. state 1 waits for due, 2 handed out, 3 done, 4 failed for
-- good, 5 dropped; moment 0: no step; due on the node's own scale of time:
-- when to hand it out (again); first: when it was due at first; ended: wall
-- time. Names and contacts (lines) are UTF-8.
CREATE TABLE hook_run (
	key BLOB PRIMARY KEY,
	event INTEGER NOT NULL,
	hook BLOB NOT NULL,
	time INTEGER NOT NULL,
	call BLOB NOT NULL,
	incident BLOB NOT NULL,
	lab BLOB NOT NULL,
	outgoing INTEGER NOT NULL,
	precedence INTEGER NOT NULL,
	status INTEGER NOT NULL,
	stored INTEGER NOT NULL,
	deadline INTEGER NOT NULL,
	value INTEGER NOT NULL,
	step BLOB NOT NULL,
	moment INTEGER NOT NULL,
	round INTEGER NOT NULL,
	repeat INTEGER NOT NULL,
	contacts BLOB NOT NULL,
	first INTEGER NOT NULL,
	due INTEGER NOT NULL,
	state INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	result INTEGER NOT NULL,
	ended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hook_run_due ON hook_run (due) WHERE state IN (1, 2);
CREATE INDEX hook_run_call ON hook_run (call) WHERE state IN (1, 2);
CREATE INDEX hook_run_ended ON hook_run (ended) WHERE state IN (3, 4, 5);

-- step 3

-- What this node carries for others: from origin to dest, brought by via after
-- so many hops; sort as in a carry, precedence 0 but of letters, id a letter's
-- and else zeros; had: when dest has had it, 0 not yet.
CREATE TABLE carried (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	origin BLOB NOT NULL,
	dest BLOB NOT NULL,
	via BLOB NOT NULL,
	hops INTEGER NOT NULL,
	sort INTEGER NOT NULL,
	precedence INTEGER NOT NULL,
	id BLOB NOT NULL,
	sum BLOB NOT NULL,
	stored INTEGER NOT NULL,
	had INTEGER NOT NULL,
	doc BLOB NOT NULL,
	UNIQUE (sum, dest)
) STRICT;
CREATE INDEX carried_due ON carried (dest, precedence, number) WHERE had = 0;
CREATE INDEX carried_way ON carried (origin, dest, number);
CREATE INDEX carried_letter ON carried (id, dest) WHERE sort = 5;
CREATE INDEX carried_via ON carried (via, had, number);

-- Letters of the own lab that were handed to carriers: for peer, to by, with
-- the entry that it had then; offer: the statement that by has signed, 0 none.
CREATE TABLE handed (
	id BLOB NOT NULL,
	peer BLOB NOT NULL,
	by BLOB NOT NULL,
	epoch INTEGER NOT NULL,
	number INTEGER NOT NULL,
	since INTEGER NOT NULL,
	offer INTEGER NOT NULL,
	PRIMARY KEY (id, peer, by)
) STRICT, WITHOUT ROWID;
CREATE INDEX handed_entry ON handed (peer, epoch, number);

-- Room for answers and receipts when the disk is full: rows of zeros, of which
-- one after the other is given up.
CREATE TABLE reserve (
	number INTEGER PRIMARY KEY,
	zeros BLOB NOT NULL
) STRICT;

-- Machine tests, one row for each that fell due: id is the letter's, zeros
-- where none was sent because the one before had no receipt. deadline is on
-- the node's own scale of time; delivered and answered are wall time, 0: not.
-- code: why the letter was refused.
CREATE TABLE drill (
	number INTEGER PRIMARY KEY,
	lab BLOB NOT NULL,
	id BLOB NOT NULL,
	sent INTEGER NOT NULL,
	deadline INTEGER NOT NULL,
	delivered INTEGER NOT NULL,
	answered INTEGER NOT NULL,
	missed INTEGER NOT NULL,
	code INTEGER NOT NULL
) STRICT;
CREATE INDEX drill_lab ON drill (lab, number);
CREATE INDEX drill_letter ON drill (id);
CREATE INDEX drill_sent ON drill (sent);

-- Each line's tests: due and remind on the node's own scale of time (0: not
-- yet), passed the last good machine test and held the last exercise that a
-- person of the lab answered, in wall time; failing: the last test was missed;
-- reminded: that it is time for an answered drill was told.
CREATE TABLE drill_line (
	lab BLOB PRIMARY KEY,
	due INTEGER NOT NULL,
	passed INTEGER NOT NULL,
	held INTEGER NOT NULL,
	remind INTEGER NOT NULL,
	failing INTEGER NOT NULL,
	reminded INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- step 4
-- The newest time of that scale that is known to have passed: after another
-- boot it goes on from there at least, whatever the clock says then.
ALTER TABLE scale ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
