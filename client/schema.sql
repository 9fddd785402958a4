-- device.db. What follows a line "-- step N" leads from version N - 1 to N. Times are ms since 1970
-- UTC. Ids are blobs of 32 bytes.

-- Small facts: lab and kid (the own lab and this device), network, feed (the last feed number that
-- was taken in), pin-card-version/-hash and pin-directory-version/-hash (never go back), renewed.
CREATE TABLE meta (
	name TEXT PRIMARY KEY,
	value ANY NOT NULL
) STRICT;

-- Every version of every lab's card that was verified; in_force is 0 for one that equivocates
-- (identity 2.17) and was kept as evidence.
CREATE TABLE cards (
	lab BLOB NOT NULL,
	version INTEGER NOT NULL,
	hash BLOB NOT NULL,
	in_force INTEGER NOT NULL,
	taken INTEGER NOT NULL,
	doc BLOB NOT NULL,
	PRIMARY KEY (lab, version, hash)
) STRICT, WITHOUT ROWID;

-- Cards whose predecessors are missing, kept aside (identity 2.16).
CREATE TABLE cards_aside (
	lab BLOB NOT NULL,
	version INTEGER NOT NULL,
	hash BLOB NOT NULL,
	doc BLOB NOT NULL,
	PRIMARY KEY (lab, version, hash)
) STRICT, WITHOUT ROWID;

-- The own lab's directories.
CREATE TABLE directories (
	version INTEGER PRIMARY KEY,
	hash BLOB NOT NULL,
	taken INTEGER NOT NULL,
	doc BLOB NOT NULL
) STRICT;

-- The newest sealing keys of each member, by its key id.
CREATE TABLE seals (
	kid BLOB PRIMARY KEY,
	lab BLOB NOT NULL,
	version INTEGER NOT NULL,
	hash BLOB NOT NULL,
	doc BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE suspensions (
	lab BLOB NOT NULL,
	kid BLOB NOT NULL,
	issued INTEGER NOT NULL,
	doc BLOB NOT NULL,
	PRIMARY KEY (lab, kid)
) STRICT, WITHOUT ROWID;

-- Documents made here (or got by hand) that the own node has not taken yet, in order.
CREATE TABLE puts (
	n INTEGER PRIMARY KEY,
	sort INTEGER NOT NULL, -- enum hl_doc
	doc BLOB NOT NULL
) STRICT;

-- This device's sealing secrets; box is the secret under the archive key (hl_box_seal, with the
-- public key as associated data).
CREATE TABLE epochs (
	epoch INTEGER PRIMARY KEY,
	from_ms INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	key BLOB NOT NULL, -- the public one
	box BLOB NOT NULL
) STRICT;

-- Letters as they came, one row each: of the own node, of a file, and our own.
CREATE TABLE letters (
	id BLOB PRIMARY KEY,
	incident BLOB NOT NULL,
	lab BLOB NOT NULL,      -- of the sender
	sender BLOB NOT NULL,   -- key id
	card_version INTEGER NOT NULL,
	class INTEGER NOT NULL, -- enum hl_class
	standing INTEGER NOT NULL, -- enum hl_standing
	precedence INTEGER NOT NULL,
	created INTEGER NOT NULL,
	answer_within INTEGER NOT NULL, -- s
	answers BLOB,           -- the letter that it answers
	type INTEGER,           -- enum hl_type, once opened
	source INTEGER NOT NULL, -- 1 own node, 2 by hand, 3 sealed here
	stored INTEGER NOT NULL, -- the node's time of receipt; taken in here where source is not 1
	deferred INTEGER NOT NULL, -- the node waits for a card
	short INTEGER NOT NULL, -- lacks signatures of the release rule (envelope 3.6)
	state INTEGER NOT NULL, -- 0 not opened yet, 1 opened, 2 refused with code
	code INTEGER NOT NULL,  -- enum hl_status of state 2
	marks INTEGER NOT NULL, -- HL_MARK_… (client/letters.h)
	doc BLOB NOT NULL       -- the envelope
) STRICT, WITHOUT ROWID;
CREATE INDEX letters_incident ON letters (incident, created);
CREATE INDEX letters_state ON letters (state) WHERE state = 0;

-- What was opened: content key (32 bytes) and message, under the archive key (hl_box_seal, with
-- the letter's id as associated data). The only readable copy once an epoch's secret is erased.
CREATE TABLE archive (
	id BLOB PRIMARY KEY,
	box BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Letters sealed here. d1, d2, … are the numbers n, never used again.
CREATE TABLE outbox (
	n INTEGER PRIMARY KEY AUTOINCREMENT,
	id BLOB NOT NULL UNIQUE,
	key TEXT UNIQUE,         -- idempotency key, where one was given
	state INTEGER NOT NULL,  -- 1 draft (to be sent), 2 waits for a release, 3 sent, 4 dropped
	created INTEGER NOT NULL,
	sent INTEGER,            -- the node's time of storing
	last_error TEXT,
	doc BLOB NOT NULL        -- the envelope with all slips
) STRICT;

-- How far this device has verified the channel of each peer to the own lab: always up to a head that
-- the peer signed. What is wrong with it stays until a check finds it right; two heads with one
-- number stay for ever.
CREATE TABLE channels (
	lab BLOB PRIMARY KEY,
	epoch INTEGER NOT NULL, -- 0: nothing verified yet
	number INTEGER NOT NULL,
	link BLOB NOT NULL,
	head_time INTEGER NOT NULL, -- of the newest head, by the peer's clock
	checked INTEGER NOT NULL, -- when the node was asked last
	feed INTEGER NOT NULL,  -- the feed number (meta) then
	fault INTEGER NOT NULL, -- enum hl_channel_fault
	since INTEGER NOT NULL, -- when the fault was first seen
	told INTEGER NOT NULL,  -- the fault that a watch has told of
	head BLOB,              -- statement
	contrary BLOB           -- segment: the evidence against head
) STRICT, WITHOUT ROWID;

-- Letters that stand in those channels and are not held here.
CREATE TABLE missing (
	lab BLOB NOT NULL,
	epoch INTEGER NOT NULL,
	number INTEGER NOT NULL,
	id BLOB NOT NULL,
	entered INTEGER NOT NULL, -- by the peer's clock
	seen INTEGER NOT NULL,    -- when it was first missed here
	told INTEGER NOT NULL,    -- 1 once a watch has told of it
	PRIMARY KEY (lab, epoch, number)
) STRICT, WITHOUT ROWID;

-- What is proven of a letter towards a lab (link 5.8), after this device has verified it.
CREATE TABLE proofs (
	id BLOB NOT NULL,
	lab BLOB NOT NULL,
	state INTEGER NOT NULL, -- enum hl_proof_state
	code INTEGER NOT NULL,
	since INTEGER NOT NULL, -- time of notice (delivered) or of entry
	verified INTEGER NOT NULL, -- 1 once the segment was checked here
	segment BLOB,
	PRIMARY KEY (id, lab)
) STRICT, WITHOUT ROWID;

-- step 2
-- Cannot-opens, what is about a letter (client/resend.c), and what was refused.
CREATE INDEX letters_cannot ON letters (created) WHERE type = 8;
CREATE INDEX letters_refused ON letters (created) WHERE state = 2;
CREATE INDEX letters_answers ON letters (answers) WHERE answers IS NOT NULL;

-- Who was handed a letter for a lab that cannot be reached (channel 5).
CREATE TABLE carriers (
	id BLOB NOT NULL,
	lab BLOB NOT NULL,
	by BLOB NOT NULL,
	since INTEGER NOT NULL,
	offered INTEGER NOT NULL, -- time in an offer that was verified here, or 0
	offer BLOB,
	PRIMARY KEY (id, lab, by)
) STRICT, WITHOUT ROWID;
