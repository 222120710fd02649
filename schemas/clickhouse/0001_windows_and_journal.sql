-- Everything kept is an integer and merges; the reasons are in docs/adr/0002.
CREATE TABLE IF NOT EXISTS windows (
  kind Enum8('language' = 1, 'pair' = 2, 'position' = 3),
  service LowCardinality(String),
  environment LowCardinality(String),
  collection LowCardinality(String),
  language LowCardinality(String),
  document_language LowCardinality(String),      -- pair rows only
  embedding_model LowCardinality(String),
  index_version LowCardinality(String),
  score_kind LowCardinality(String),
  source String,                                 -- position rows only: topic id/partition
  hour DateTime('UTC') DEFAULT toStartOfHour(minute),
  minute DateTime('UTC'),                        -- position rows: 2100-01-01, so that no TTL reaches them
  position SimpleAggregateFunction(max, Int64),
  events SimpleAggregateFunction(sum, UInt64),
  queries SimpleAggregateFunction(sum, UInt64),  -- this and all sums below in millionths
  mixed SimpleAggregateFunction(sum, UInt64),
  synthetic SimpleAggregateFunction(sum, UInt64),
  late SimpleAggregateFunction(sum, UInt64),
  zero_results SimpleAggregateFunction(sum, UInt64),
  errors SimpleAggregateFunction(sum, UInt64),
  scored SimpleAggregateFunction(sum, UInt64),
  score_sum SimpleAggregateFunction(sum, Int64),
  score_sq SimpleAggregateFunction(sum, UInt64),
  labelled SimpleAggregateFunction(sum, UInt64),
  recall_sum SimpleAggregateFunction(sum, UInt64),
  recall_sq SimpleAggregateFunction(sum, UInt64),
  mrr_sum SimpleAggregateFunction(sum, UInt64),
  mrr_sq SimpleAggregateFunction(sum, UInt64),
  ndcg_sum SimpleAggregateFunction(sum, UInt64),
  ndcg_sq SimpleAggregateFunction(sum, UInt64),
  translated SimpleAggregateFunction(sum, UInt64),
  translation_sum SimpleAggregateFunction(sum, UInt64),
  answered SimpleAggregateFunction(sum, UInt64),
  answered_otherwise SimpleAggregateFunction(sum, UInt64),
  documents SimpleAggregateFunction(sum, UInt64),
  own_documents SimpleAggregateFunction(sum, UInt64),
  mixed_documents SimpleAggregateFunction(sum, UInt64),
  score_hist SimpleAggregateFunction(sumMap, Map(Int16, UInt64)),
  label_hist SimpleAggregateFunction(sumMap, Map(Int16, UInt64)),
  label_hit_hist SimpleAggregateFunction(sumMap, Map(Int16, UInt64)),
  latency_hist SimpleAggregateFunction(sumMap, Map(Int16, UInt64)),
  routes SimpleAggregateFunction(sumMap, Map(String, UInt64)),
  session_hashes Array(UInt64) EPHEMERAL,        -- inserted, never kept
  sessions AggregateFunction(uniqCombined, UInt64) DEFAULT arrayReduce('uniqCombinedState', session_hashes)
) ENGINE = AggregatingMergeTree
PRIMARY KEY (kind, hour, service, environment, collection, language, document_language, embedding_model, index_version, score_kind, source)
ORDER BY (kind, hour, service, environment, collection, language, document_language, embedding_model, index_version, score_kind, source, minute)
SETTINGS non_replicated_deduplication_window = 100000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS language_windows AS SELECT * EXCEPT (kind, document_language, source, position) FROM windows WHERE kind = 'language';

CREATE VIEW IF NOT EXISTS pair_windows AS SELECT * EXCEPT (kind, source, position) FROM windows WHERE kind = 'pair';

CREATE TABLE IF NOT EXISTS journal (
  kind LowCardinality(String),
  id String,
  at DateTime64(3, 'UTC'),
  written DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
  body String
) ENGINE = ReplacingMergeTree(written)
ORDER BY (kind, id)
SETTINGS non_replicated_deduplication_window = 100000, fsync_after_insert = 1, fsync_part_directory = 1;
