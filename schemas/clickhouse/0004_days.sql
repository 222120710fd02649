-- Sums of whole days beside the minutes, in rows of their own kinds: pages read 35 days of 100 languages from 3,500 rows (docs/adr/0017).
ALTER TABLE windows
  MODIFY COLUMN kind Enum8('language' = 1, 'pair' = 2, 'position' = 3, 'language_day' = 4, 'pair_day' = 5);

-- Only where there are none, since an agent that came first may have written some; and of two at once the token keeps the first's rows.
-- In one part, which is there whole or not at all.
INSERT INTO windows (
  kind, hour, minute, service, environment, collection, language, document_language, embedding_model, index_version, score_kind,
  events, queries, mixed, declared, declared_agrees, synthetic, late, zero_results, errors, scored, score_sum, score_sq,
  labelled, recall_sum, recall_sq, mrr_sum, mrr_sq, ndcg_sum, ndcg_sq, translated, translation_sum, answered, answered_otherwise,
  documents, own_documents, mixed_documents, score_hist, label_hist, label_hit_hist, latency_hist, routes, tag_reasons,
  translation_hist, translation_sums, sessions
)
SELECT
  if(kind = 'language', 'language_day', 'pair_day'), toStartOfDay(hour) AS day, day,
  service, environment, collection, language, document_language, embedding_model, index_version, score_kind,
  sum(events), sum(queries), sum(mixed), sum(declared), sum(declared_agrees), sum(synthetic), sum(late), sum(zero_results), sum(errors),
  sum(scored), sum(score_sum), sum(score_sq), sum(labelled), sum(recall_sum), sum(recall_sq), sum(mrr_sum), sum(mrr_sq),
  sum(ndcg_sum), sum(ndcg_sq), sum(translated), sum(translation_sum), sum(answered), sum(answered_otherwise),
  sum(documents), sum(own_documents), sum(mixed_documents), sumMap(score_hist), sumMap(label_hist), sumMap(label_hit_hist),
  sumMap(latency_hist), sumMap(routes), sumMap(tag_reasons), sumMap(translation_hist), sumMap(translation_sums),
  uniqCombinedMergeState(sessions)
FROM windows
WHERE kind IN ('language', 'pair') AND (SELECT count() FROM windows WHERE kind IN ('language_day', 'pair_day')) = 0
GROUP BY kind, day, service, environment, collection, language, document_language, embedding_model, index_version, score_kind
ORDER BY kind, day, service, environment, collection, language, document_language, embedding_model, index_version, score_kind
SETTINGS insert_deduplication_token = '0004_days', max_insert_threads = 1,
  min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 10000000000;
