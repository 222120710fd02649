{{/* The container of the agent, of its own Deployment or in the pod of a service. */}}
{{- define "babelwatch.container" -}}
- name: babelwatch
  image: {{ include "babelwatch.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [run, --config, /etc/babelwatch/babelwatch.yaml]
  workingDir: /etc/babelwatch
  env:
    - {name: TMPDIR, value: /tmp}
    - {name: BABELWATCH_STORE__PATH, value: /var/lib/babelwatch/store}
    - {name: BABELWATCH_WEB__HOST, value: 0.0.0.0}
    - {name: BABELWATCH_WEB__PORT, value: {{ .Values.ports.http | quote }}}
    - {name: BABELWATCH_WEB__HEALTH_PORT, value: {{ .Values.ports.health | quote }}}
    - {name: BABELWATCH_WEB__TOKEN_FILE, value: /etc/babelwatch/token/{{ .Values.token.key }}}
    {{- with .Values.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: babelwatch, containerPort: {{ .Values.ports.http }}}
    - {name: bw-health, containerPort: {{ .Values.ports.health }}}
  # Before the first answer the schema is brought up to date, perhaps by another agent that is waited for (twelve minutes at most).
  startupProbe:
    httpGet: {path: /healthz, port: bw-health}
    periodSeconds: 5
    failureThreshold: 240
  livenessProbe:
    httpGet: {path: /healthz, port: bw-health}
    periodSeconds: 20
    timeoutSeconds: 5
  readinessProbe:
    httpGet: {path: /readyz, port: bw-health}
    periodSeconds: 10
    timeoutSeconds: 5
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    - {name: babelwatch-config, mountPath: /etc/babelwatch, readOnly: true}
    - {name: babelwatch-tmp, mountPath: /tmp}
    {{- if include "babelwatch.embedded" . }}
    - {name: babelwatch-store, mountPath: /var/lib/babelwatch}
    {{- end }}
    {{- range $name, $_ := .Values.secrets }}
    - {name: babelwatch-secret-{{ $name }}, mountPath: /run/secrets/{{ $name }}, readOnly: true}
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* The volumes of that container. Configuration, rules, templates, token and secrets are one read-only folder. */}}
{{- define "babelwatch.volumes" -}}
- name: babelwatch-config
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ include "babelwatch.fullname" . }}
          items:
            - {key: babelwatch.yaml, path: babelwatch.yaml}
            {{- range $name, $_ := .Values.rules }}
            - {key: rules.{{ $name }}, path: rules/{{ $name }}}
            {{- end }}
            {{- range $name, $_ := .Values.templates }}
            - {key: templates.{{ $name }}, path: templates/{{ $name }}}
            {{- end }}
      - secret:
          name: {{ include "babelwatch.tokenSecret" . }}
          items:
            - {key: {{ .Values.token.key }}, path: token/{{ .Values.token.key }}}
- name: babelwatch-tmp
  emptyDir: {sizeLimit: {{ .Values.tmp.sizeLimit }}}
{{- if include "babelwatch.embedded" . }}
- name: babelwatch-store
  persistentVolumeClaim: {claimName: {{ include "babelwatch.claim" . }}}
{{- end }}
{{- range $name, $secret := .Values.secrets }}
- name: babelwatch-secret-{{ $name }}
  secret: {secretName: {{ $secret }}, defaultMode: 0440}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A rollout for each change of what the agent reads at its start. */}}
{{- define "babelwatch.checksum" -}}
babelwatch/checksum: {{ toJson (list .Values.config .Values.rules .Values.templates) | sha256sum }}
{{- end }}
