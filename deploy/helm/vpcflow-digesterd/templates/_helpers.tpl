{{/* Names, labels and the parts that API and worker have in common. */}}

{{- define "digesterd.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "digesterd.selector" -}}
app.kubernetes.io/name: vpcflow-digesterd
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "digesterd.labels" -}}
{{ include "digesterd.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "digesterd.metadata" -}}
name: {{ include "digesterd.name" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "digesterd.labels" . | nindent 2 }}
{{- end -}}

{{- define "digesterd.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Variables of one program. An empty one is left out: it would count as unset. */}}
{{- define "digesterd.settings" -}}
{{- $settings := merge (dict) (index .root.Values .component).settings .root.Values.settings -}}
{{- if and .root.Values.queue.url (not (and (eq .component "worker") .root.Values.worker.sqsd.enabled)) -}}
{{- $_ := set $settings "SQS_QUEUE_URL" .root.Values.queue.url -}}
{{- end -}}
{{- if and (eq .component "api") .root.Values.access.tokensSecret -}}
{{- $_ := set $settings "DIGEST_TOKENS_FILE" "/etc/digesterd/tokens/tokens" -}}
{{- end -}}
{{- if include "digesterd.tls" . -}}
{{- $_ := set $settings "TLS_CERTIFICATE_FILE" "/etc/digesterd/tls/tls.crt" -}}
{{- $_ := set $settings "TLS_KEY_FILE" "/etc/digesterd/tls/tls.key" -}}
{{- end -}}
{{- with .root.Values.metrics.port -}}
{{- $_ := set $settings "METRICS_PORT" (toString .) -}}
{{- end -}}
{{- range $name := keys $settings | sortAlpha -}}
{{- with get $settings $name | toString }}
{{ $name }}: {{ . | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the certificate of a program that speaks TLS. A daemon on the same machine posts in plain HTTP. */}}
{{- define "digesterd.tls" -}}
{{- if not (and (eq .component "worker") .root.Values.worker.sqsd.enabled) -}}
{{ .root.Values.access.tlsSecret }}
{{- end -}}
{{- end -}}

{{/* Files of Secrets, for fsGroup alone to read. Mounted as directories: a changed Secret is seen in them. */}}
{{- define "digesterd.volumes" -}}
{{- if and (eq .component "api") .root.Values.access.tokensSecret }}
- name: tokens
  secret:
    secretName: {{ .root.Values.access.tokensSecret }}
    defaultMode: 0440
{{- end }}
{{- with include "digesterd.tls" . }}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if eq .component "worker" }}
- name: temporary
  emptyDir:
    sizeLimit: {{ .root.Values.worker.temporary.size }}
{{- end }}
{{- end -}}

{{- define "digesterd.mounts" -}}
{{- if and (eq .component "api") .root.Values.access.tokensSecret }}
- name: tokens
  mountPath: /etc/digesterd/tokens
  readOnly: true
{{- end }}
{{- if include "digesterd.tls" . }}
- name: tls
  mountPath: /etc/digesterd/tls
  readOnly: true
{{- end }}
{{- if eq .component "worker" }}
- name: temporary
  mountPath: /tmp
{{- end }}
{{- end -}}

{{/* Who may read metrics where they have a port. */}}
{{- define "digesterd.metricsIngress" -}}
{{- if .Values.metrics.port -}}
- ports:
    - { port: metrics, protocol: TCP }
  from:
    {{- if .Values.metrics.from }}
    {{- toYaml .Values.metrics.from | nindent 4 }}
    {{- else }}
    - namespaceSelector: {}
    {{- end }}
{{- end -}}
{{- end -}}

{{- define "digesterd.pod" -}}
serviceAccountName: {{ include "digesterd.name" .root }}-{{ .component }}
# The programs ask Kubernetes nothing; IRSA and Pod Identity bring tokens of their own.
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with (index .root.Values .component) }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with include "digesterd.volumes" . }}
volumes:
  {{- . | trim | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "digesterd.selector" . | nindent 8 }}
{{- end -}}

{{/* What a worker asks of whoever posts to it, and who posts presents: a daemon beside it, or else the API. */}}
{{- define "digesterd.intakeSecret" -}}
{{- if or (eq .component "worker") (not .root.Values.worker.sqsd.enabled) }}
{{- with .root.Values.access.intakeSecret }}
- name: DIGEST_INTAKE_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: secret
{{- end }}
{{- end }}
{{- end -}}

{{- define "digesterd.container" -}}
{{- $scheme := ternary ", scheme: HTTPS" "" (not (empty (include "digesterd.tls" .))) -}}
name: {{ .component }}
image: {{ include "digesterd.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [digesterd-{{ .component }}]
envFrom:
  - configMapRef:
      name: {{ include "digesterd.name" .root }}-{{ .component }}
  {{- with .root.Values.secretName }}
  - secretRef:
      name: {{ . }}
  {{- end }}
{{- with include "digesterd.intakeSecret" . }}
env:
  {{- . | trim | nindent 2 }}
{{- end }}
ports:
  - name: http
    containerPort: 8080
  {{- with .root.Values.metrics.port }}
  - name: metrics
    containerPort: {{ . }}
  {{- end }}
# Slow credentials or a slow DNS at the start are no reason for a restart.
startupProbe:
  httpGet: { path: /livez, port: http{{ $scheme }} }
  periodSeconds: 2
  failureThreshold: 30
# Never asks S3: a store that is down is no reason to restart.
livenessProbe:
  httpGet: { path: /livez, port: http{{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 3
# Asks the stores, each for 4 s at most.
readinessProbe:
  httpGet: { path: /readyz, port: http{{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 5
resources:
  {{- toYaml (index .root.Values .component).resources | nindent 2 }}
{{ include "digesterd.confinement" . }}
{{- with include "digesterd.mounts" . }}
volumeMounts:
  {{- . | trim | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "digesterd.confinement" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* What any of our pods may connect to. */}}
{{- define "digesterd.egress" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
- ports:
    {{- range .Values.networkPolicy.egressPorts }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
# The Pod Identity agent of the node.
- to:
    - ipBlock: { cidr: 169.254.170.23/32 }
  ports:
    - { port: 80, protocol: TCP }
{{- end -}}
