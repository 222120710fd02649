-- Added by `run` and `migrate` only: it acts within seconds, and a replayed old log would have no minutes left.
ALTER TABLE windows MODIFY TTL minute + INTERVAL 35 DAY
  GROUP BY kind, hour, service, environment, collection, language, document_language, embedding_model, index_version, score_kind, source
  SET minute = min(hour), position = max(position), events = sum(events), queries = sum(queries), mixed = sum(mixed),
      declared = sum(declared), declared_agrees = sum(declared_agrees),
      synthetic = sum(synthetic), late = sum(late), zero_results = sum(zero_results), errors = sum(errors), untold = sum(untold),
      scored = sum(scored), score_sum = sum(score_sum), score_sq = sum(score_sq), labelled = sum(labelled),
      recall_sum = sum(recall_sum), recall_sq = sum(recall_sq), mrr_sum = sum(mrr_sum), mrr_sq = sum(mrr_sq),
      ndcg_sum = sum(ndcg_sum), ndcg_sq = sum(ndcg_sq), translated = sum(translated), translation_sum = sum(translation_sum),
      answered = sum(answered), answered_otherwise = sum(answered_otherwise), documents = sum(documents),
      own_documents = sum(own_documents), mixed_documents = sum(mixed_documents), score_hist = sumMap(score_hist),
      label_hist = sumMap(label_hist), label_hit_hist = sumMap(label_hit_hist), latency_hist = sumMap(latency_hist),
      routes = sumMap(routes), tag_reasons = sumMap(tag_reasons),
      translation_hist = sumMap(translation_hist), translation_sums = sumMap(translation_sums), sessions = uniqCombinedMergeState(sessions),
  minute + INTERVAL 400 DAY DELETE;

ALTER TABLE journal MODIFY TTL toDateTime(at, 'UTC') + INTERVAL 7 DAY DELETE WHERE kind = 'exemplars';
