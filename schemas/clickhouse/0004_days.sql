-- Sums of whole days, kept by the engine beside the minutes: pages read 35 days of 100 languages from 3,500 rows (docs/adr/0017).
ALTER TABLE windows MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE windows ADD PROJECTION IF NOT EXISTS days (
  SELECT kind, toStartOfDay(hour), service, environment, collection, language, document_language, embedding_model, index_version, score_kind,
    sum(events), sum(queries), sum(mixed), sum(declared), sum(declared_agrees), sum(synthetic), sum(late), sum(zero_results), sum(errors),
    sum(scored), sum(score_sum), sum(score_sq), sum(labelled), sum(recall_sum), sum(recall_sq), sum(mrr_sum), sum(mrr_sq),
    sum(ndcg_sum), sum(ndcg_sq), sum(translated), sum(translation_sum), sum(answered), sum(answered_otherwise),
    sum(documents), sum(own_documents), sum(mixed_documents), sumMap(score_hist), sumMap(label_hist), sumMap(label_hit_hist),
    sumMap(latency_hist), sumMap(routes), sumMap(tag_reasons), sumMap(translation_hist), sumMap(translation_sums),
    uniqCombinedMerge(sessions)
  GROUP BY kind, toStartOfDay(hour), service, environment, collection, language, document_language, embedding_model, index_version, score_kind
);

ALTER TABLE windows MATERIALIZE PROJECTION days;
