-- What is known of the tags: how often the declared language is that of the text, and why queries are und or mixed.
ALTER TABLE windows
  ADD COLUMN IF NOT EXISTS declared SimpleAggregateFunction(sum, UInt64) AFTER mixed,
  ADD COLUMN IF NOT EXISTS declared_agrees SimpleAggregateFunction(sum, UInt64) AFTER declared,
  ADD COLUMN IF NOT EXISTS tag_reasons SimpleAggregateFunction(sumMap, Map(String, UInt64)) AFTER routes;

CREATE OR REPLACE VIEW language_windows AS SELECT * EXCEPT (kind, document_language, source, position) FROM windows WHERE kind = 'language';

CREATE OR REPLACE VIEW pair_windows AS SELECT * EXCEPT (kind, source, position) FROM windows WHERE kind = 'pair';
