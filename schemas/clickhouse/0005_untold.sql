-- Searches of which the log does not say what they found: spans whose content is not captured.
ALTER TABLE windows ADD COLUMN IF NOT EXISTS untold SimpleAggregateFunction(sum, UInt64) AFTER errors;

CREATE OR REPLACE VIEW language_windows AS SELECT * EXCEPT (kind, document_language, source, position) FROM windows WHERE kind = 'language';

CREATE OR REPLACE VIEW pair_windows AS SELECT * EXCEPT (kind, source, position) FROM windows WHERE kind = 'pair';
