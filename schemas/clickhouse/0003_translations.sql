-- The quality of translations by engine: counts of steps of .01 under `engine/step`, and sums in millionths under `engine`.
ALTER TABLE windows
  ADD COLUMN IF NOT EXISTS translation_hist SimpleAggregateFunction(sumMap, Map(String, UInt64)) AFTER tag_reasons,
  ADD COLUMN IF NOT EXISTS translation_sums SimpleAggregateFunction(sumMap, Map(String, UInt64)) AFTER translation_hist;

CREATE OR REPLACE VIEW language_windows AS SELECT * EXCEPT (kind, document_language, source, position) FROM windows WHERE kind = 'language';

CREATE OR REPLACE VIEW pair_windows AS SELECT * EXCEPT (kind, source, position) FROM windows WHERE kind = 'pair';
