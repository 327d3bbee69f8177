-- The tables of sync that the console reads, as sync makes them in SQLite.
-- Moments are text in UTC of one width, such as 2026-11-25T17:45:00.000000Z: they sort as they
-- follow each other, and SQLite's date functions read them.

-- The newest version of each session that was read. NULL: not sent, or left out by -omit.
CREATE TABLE sessions (
    id                                          TEXT PRIMARY KEY,
    status                                      TEXT NOT NULL,
    entity_type                                 TEXT,
    creator_type                                TEXT,
    creator_id                                  TEXT,
    person_name_first                           TEXT,
    person_name_middle                          TEXT,
    person_name_last                            TEXT,
    person_birth_date                           TEXT,
    business_legal_name                         TEXT,
    business_registration_date                  TEXT,
    business_shareholders                       TEXT,
    identity_numbers                            TEXT,
    contact_email                               TEXT,
    contact_phone                               TEXT,
    address_line1                               TEXT,
    address_line2                               TEXT,
    address_sublocality                         TEXT,
    address_locality                            TEXT,
    address_administrative_area                 TEXT,
    address_postal_code                         TEXT,
    address_country_code                        TEXT,
    behavior_analysis_completion_time_seconds   REAL,
    behavior_analysis_autofill_cancels          REAL,
    behavior_analysis_autofill_starts           REAL,
    behavior_analysis_bot_score                 REAL,
    behavior_analysis_threat_level              TEXT,
    behavior_analysis_shortcut_copies           REAL,
    behavior_analysis_shortcut_pastes           REAL,
    behavior_analysis_distraction_events        REAL,
    behavior_analysis_devtools_open             BOOLEAN,
    behavior_analysis_debugger_attached         BOOLEAN,
    behavior_analysis_request_spoof_attempts    REAL,
    behavior_analysis_user_agent_spoof_attempts REAL,
    behavior_analysis_hesitation_baseline       REAL,
    behavior_analysis_hesitation_count          REAL,
    behavior_analysis_hesitation_percentage     REAL,
    behavior_analysis_hesitation_time           REAL,
    created_at                                  TEXT,
    updated_at                                  TEXT,
    started_at                                  TEXT,
    expires_at                                  TEXT,
    completed_at                                TEXT,
    failed_at                                   TEXT,
    marked_for_review_at                        TEXT,
    decisioned_at                               TEXT,
    expired_at                                  TEXT,
    redacted_at                                 TEXT,
    relationships_account                       TEXT,
    relationships_business                      TEXT,
    relationships_documents                     TEXT,
    relationships_session_devices               TEXT,
    relationships_verifications                 TEXT,
    raw                                         TEXT,
    stored_at                                   TEXT NOT NULL -- when the row was last written
);

-- For the sessions that are not decided, which frequent passes look for.
CREATE INDEX sessions_status ON sessions (status);

-- Every change of status that was noticed. The first row of a session has no from_status.
CREATE TABLE status_changes (
    id          INTEGER PRIMARY KEY,
    session_id  TEXT NOT NULL,
    from_status TEXT,
    to_status   TEXT NOT NULL,
    changed_at  TEXT, -- updated_at of the version that brought it
    noticed_at  TEXT NOT NULL
);

CREATE INDEX status_changes_noticed_at ON status_changes (noticed_at);
CREATE INDEX status_changes_session_id ON status_changes (session_id);

-- Records that could not be decoded. A record leaves when it comes again and can be.
CREATE TABLE unreadable (
    key           TEXT PRIMARY KEY, -- the id, or a digest of the record if it has no sure one
    id            TEXT,
    reason        TEXT NOT NULL,
    raw           BLOB, -- exactly as sent, which need not be JSON that a database takes
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL
);

-- Undecided sessions that the API no longer has.
CREATE TABLE gone (
    id         TEXT PRIMARY KEY,
    noticed_at TEXT NOT NULL
);

-- What must stay the same from run to run.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

INSERT INTO settings (name, value) VALUES ('privacy', 'omitted: ; hashed: ');
