-- +goose Up
-- How webhooks prove where they come from: recipes by name, what was found wrong with refused requests, and their second try.

create table meshhook.verify_presets (
  id         int generated always as identity primary key,
  project_id int references meshhook.projects on delete cascade,
  name       text not null check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  title      text not null default '',
  recipe     jsonb not null,
  dedupe_key text,
  note       text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (project_id, name)
);
comment on table meshhook.verify_presets is
  'Recipes of verification by name: {"kind": "<name>"} of an endpoint stands for the recipe. Add your own by INSERT.';
comment on column meshhook.verify_presets.project_id is 'The project that may use it; null: every project. A project''s own goes before one of the same name for all.';
comment on column meshhook.verify_presets.name is 'What endpoints call it.';
comment on column meshhook.verify_presets.title is 'What people call it.';
comment on column meshhook.verify_presets.recipe is 'The verification it stands for, as create_endpoint takes it; kept with its defaults filled in.';
comment on column meshhook.verify_presets.dedupe_key is 'Expression over the trigger that is the same for every delivery of one event; null when the sender gives none.';
comment on column meshhook.verify_presets.note is 'What to know about it.';

insert into meshhook.verify_presets (name, title, recipe, dedupe_key, note) values
  ('github', 'GitHub',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "x-hub-signature-256", "prefix": "sha256=", "signed": "{body}"}',
   'trigger.headers."x-github-delivery"', 'docs/webhooks/github.md'),
  ('gitlab', 'GitLab', '{"kind": "api_key", "header": "x-gitlab-token"}', 'trigger.headers."idempotency-key"', 'docs/webhooks/gitlab.md'),
  ('stripe', 'Stripe',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "stripe-signature", "prefix": "v1=", "signed": "{timestamp}.{body}", "timestamp_header": "stripe-signature", "timestamp_key": "t", "separator": ",", "tolerance": "5m", "tolerance_ms": 300000}',
   'trigger.body.id', 'docs/webhooks/stripe.md'),
  ('slack', 'Slack',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "x-slack-signature", "prefix": "v0=", "signed": "v0:{timestamp}:{body}", "timestamp_header": "x-slack-request-timestamp", "tolerance": "5m", "tolerance_ms": 300000, "handshake": "slack"}',
   'trigger.body.event_id || trigger.body.trigger_id', 'docs/webhooks/slack.md'),
  ('shopify', 'Shopify',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "base64", "header": "x-shopify-hmac-sha256", "prefix": "", "signed": "{body}"}',
   'trigger.headers."x-shopify-event-id"', 'docs/webhooks/shopify.md'),
  ('twilio', 'Twilio',
   '{"kind": "hmac", "algorithm": "sha1", "encoding": "base64", "header": "x-twilio-signature", "prefix": "", "signed": "{url}{form}", "body_hash_query": "bodySHA256"}',
   'trigger.headers."i-twilio-idempotency-token"', 'docs/webhooks/twilio.md'),
  ('svix', 'Svix', '{"kind": "standard_webhooks", "header_prefix": "svix-", "tolerance": "5m", "tolerance_ms": 300000}',
   'trigger.headers."svix-id"', 'docs/webhooks/svix.md'),
  ('paddle', 'Paddle',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "paddle-signature", "prefix": "h1=", "signed": "{timestamp}:{body}", "timestamp_header": "paddle-signature", "timestamp_key": "ts", "separator": ";", "tolerance": "5m", "tolerance_ms": 300000}',
   'trigger.body.event_id', 'docs/webhooks/paddle.md'),
  ('linear', 'Linear',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "linear-signature", "prefix": "", "signed": "{body}", "timestamp_field": "webhookTimestamp", "tolerance": "5m", "tolerance_ms": 300000}',
   'trigger.headers."linear-delivery"', 'docs/webhooks/linear.md'),
  ('discord', 'Discord',
   '{"kind": "ed25519", "encoding": "hex", "header": "x-signature-ed25519", "prefix": "", "signed": "{timestamp}{body}", "timestamp_header": "x-signature-timestamp", "tolerance": "5m", "tolerance_ms": 300000, "handshake": "discord"}',
   'trigger.body.id', 'docs/webhooks/discord.md'),
  ('sendgrid', 'SendGrid',
   '{"kind": "ecdsa", "algorithm": "sha256", "encoding": "base64", "header": "x-twilio-email-event-webhook-signature", "prefix": "", "signed": "{timestamp}{body}", "timestamp_header": "x-twilio-email-event-webhook-timestamp", "tolerance": "5m", "tolerance_ms": 300000}',
   'join('','', sort(trigger.body[].sg_event_id))', 'docs/webhooks/sendgrid.md'),
  ('meta', 'Meta (Facebook, Instagram, WhatsApp)',
   '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "x-hub-signature-256", "prefix": "sha256=", "signed": "{body}", "handshake": "meta"}',
   null, 'docs/webhooks/meta.md');

alter table meshhook.requests
  add column trace jsonb,
  add column evidence bytea;
comment on column meshhook.requests.trace is 'Of a refused request: what the door found wrong, in facts. meshhook.explain_request puts them into words.';
comment on column meshhook.requests.evidence is 'Of a refused request: its headers and URL as they came, sealed, for meshhook.reevaluate.';

create table meshhook.reevaluations (
  id           bigint generated always as identity primary key,
  project_id   int not null references meshhook.projects on delete cascade,
  request_id   uuid not null,
  requested_by text,
  requested_at timestamptz not null,
  taken_at     timestamptz,
  done_at      timestamptz,
  verdict      text,
  cause        text,
  message      text,
  trace        jsonb
);
create index reevaluations_project on meshhook.reevaluations (project_id, request_id, id);
create unique index reevaluations_open on meshhook.reevaluations (request_id) where done_at is null;
comment on table meshhook.reevaluations is 'Refused requests that are to go through the door again, and what came of it.';
comment on column meshhook.reevaluations.request_id is 'The refused request.';
comment on column meshhook.reevaluations.requested_by is 'Who asked: meshhook.principal().';
comment on column meshhook.reevaluations.taken_at is 'When a door last took it up.';
comment on column meshhook.reevaluations.done_at is 'When it was decided; null: it waits for a door.';
comment on column meshhook.reevaluations.verdict is 'What became of it.';
comment on column meshhook.reevaluations.cause is 'Code of what is still wrong, when something is.';
comment on column meshhook.reevaluations.trace is 'What the door found wrong this time, in facts.';
