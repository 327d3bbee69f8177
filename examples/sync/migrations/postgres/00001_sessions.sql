-- +goose Up

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
    business_shareholders                       JSON,
    identity_numbers                            JSON,
    contact_email                               TEXT,
    contact_phone                               TEXT,
    address_line1                               TEXT,
    address_line2                               TEXT,
    address_sublocality                         TEXT,
    address_locality                            TEXT,
    address_administrative_area                 TEXT,
    address_postal_code                         TEXT,
    address_country_code                        TEXT,
    behavior_analysis_completion_time_seconds   DOUBLE PRECISION,
    behavior_analysis_autofill_cancels          DOUBLE PRECISION,
    behavior_analysis_autofill_starts           DOUBLE PRECISION,
    behavior_analysis_bot_score                 DOUBLE PRECISION,
    behavior_analysis_threat_level              TEXT,
    behavior_analysis_shortcut_copies           DOUBLE PRECISION,
    behavior_analysis_shortcut_pastes           DOUBLE PRECISION,
    behavior_analysis_distraction_events        DOUBLE PRECISION,
    behavior_analysis_devtools_open             BOOLEAN,
    behavior_analysis_debugger_attached         BOOLEAN,
    behavior_analysis_request_spoof_attempts    DOUBLE PRECISION,
    behavior_analysis_user_agent_spoof_attempts DOUBLE PRECISION,
    behavior_analysis_hesitation_baseline       DOUBLE PRECISION,
    behavior_analysis_hesitation_count          DOUBLE PRECISION,
    behavior_analysis_hesitation_percentage     DOUBLE PRECISION,
    behavior_analysis_hesitation_time           DOUBLE PRECISION,
    created_at                                  TIMESTAMPTZ,
    updated_at                                  TIMESTAMPTZ,
    started_at                                  TIMESTAMPTZ,
    expires_at                                  TIMESTAMPTZ,
    completed_at                                TIMESTAMPTZ,
    failed_at                                   TIMESTAMPTZ,
    marked_for_review_at                        TIMESTAMPTZ,
    decisioned_at                               TIMESTAMPTZ,
    expired_at                                  TIMESTAMPTZ,
    redacted_at                                 TIMESTAMPTZ,
    relationships_account                       TEXT,
    relationships_business                      TEXT,
    relationships_documents                     JSON,
    relationships_session_devices               JSON,
    relationships_verifications                 JSON,
    raw                                         JSON,
    stored_at                                   TIMESTAMPTZ NOT NULL -- when the row was last written
);

-- For the sessions that are not decided, which frequent passes look for.
CREATE INDEX sessions_status ON sessions (status);

-- Every change of status that was noticed. The first row of a session has no from_status.
CREATE TABLE status_changes (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id  TEXT NOT NULL,
    from_status TEXT,
    to_status   TEXT NOT NULL,
    changed_at  TIMESTAMPTZ, -- updated_at of the version that brought it
    noticed_at  TIMESTAMPTZ NOT NULL
);

CREATE INDEX status_changes_noticed_at ON status_changes (noticed_at);
CREATE INDEX status_changes_session_id ON status_changes (session_id);

-- Records that could not be decoded. A record leaves when it comes again and can be.
CREATE TABLE unreadable (
    key           TEXT PRIMARY KEY, -- the id, or a digest of the record if it has no sure one
    id            TEXT,
    reason        TEXT NOT NULL,
    raw           BYTEA, -- exactly as sent, which need not be JSON that a database takes
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at  TIMESTAMPTZ NOT NULL
);

-- Undecided sessions that the API no longer has.
CREATE TABLE gone (
    id         TEXT PRIMARY KEY,
    noticed_at TIMESTAMPTZ NOT NULL
);

-- The sessions that the present frequent pass has met.
CREATE TABLE met (
    id TEXT PRIMARY KEY
);

-- Where the passes are.
CREATE TABLE progress (
    pass        TEXT PRIMARY KEY,
    step        TEXT NOT NULL, -- the list being read; '' between two passes
    checkpoint  TEXT NOT NULL, -- in that list; '' at its start
    finished_at TIMESTAMPTZ -- when a pass last came to its end
);

-- What must stay the same from run to run.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE progress;
DROP TABLE met;
DROP TABLE gone;
DROP TABLE unreadable;
DROP TABLE status_changes;
DROP TABLE sessions;
