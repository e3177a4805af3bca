-- Of the facts of a day that were judged (outcome_day, step 11), those that the
-- agent had asked for itself (store/beside/outcomes.h). The rest were put before
-- it: by a hook, unasked.
ALTER TABLE outcome_day ADD COLUMN recalled_used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outcome_day ADD COLUMN recalled_ignored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outcome_day ADD COLUMN recalled_contradicted INTEGER NOT NULL
  DEFAULT 0;
