// A real login server for the tests: oidc-provider, with SMART's discovery in front of it, a FHIR
// server that wants its tokens, and endpoints that answer as broken ones do.
//
//   node login_server.mjs FOLDER
//
// writes the clients' private keys (rs.pem, es.pem, rs.jwk, es.jwk, other.pem) into FOLDER, prints
// {"port": N} when it is ready, and ends when its standard input closes.
//
//   PUT /__control   {"ttl": S, "deaths": N}: life of tokens from now on; so many pages of
//                    data are answered 401 at first, and the token that was sent ends
//   GET /__requests  token requests seen: path, status, form (names only), authorization (scheme)
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import Provider from 'oidc-provider';

const SECRET = 's3 cr/et+100%:x&y=z "q" end of the secret';
const folder = process.argv[2];
const state = { ttl: 300, deaths: 0, died: [], requests: [] };

function keyPair(name, type, options, alg) {
  const { privateKey, publicKey } = crypto.generateKeyPairSync(type, options);
  const more = { kid: `kid-${name}`, alg, use: 'sig' };
  const write = (file, text) => fs.writeFileSync(path.join(folder, file), text, { mode: 0o600 });

  write(`${name}.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  write(`${name}.jwk`, JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...more }));
  return { ...publicKey.export({ format: 'jwk' }), ...more };
}

const keys = {
  rs: keyPair('rs', 'rsa', { modulusLength: 2048 }, 'RS384'),
  es: keyPair('es', 'ec', { namedCurve: 'P-384' }, 'ES384'),
};
keyPair('other', 'rsa', { modulusLength: 2048 }, 'RS384');

const server = http.createServer();
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const issuer = `http://127.0.0.1:${server.address().port}`;
const fhir = `${issuer}/fhir/r4`;
const machine = {
  redirect_uris: [], response_types: [], grant_types: ['client_credentials'],
};
const scopes = 'CCD system/ImagingStudy.rs system/Patient.rs patient/Patient.rs patient/ImagingStudy.rs launch launch/patient fhirUser';

const grants = { grant_types: ['authorization_code', 'refresh_token'] };
const person = {
  ...grants, application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'], response_types: ['code'],
};

function signed(name, alg) {
  return {
    ...machine, client_id: `backend-${name}`, token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: alg, jwks: { keys: [keys[name]] },
  };
}

const provider = new Provider(issuer, {
  clients: [
    { ...machine, client_id: 'post client', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' },
    { ...machine, client_id: 'basic/client', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' },
    signed('rs', 'RS384'), signed('es', 'ES384'),
    { ...person, client_id: 'app with secret', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' },
    { ...person, ...signed('es', 'ES384'), client_id: 'app with key', response_types: ['code'], ...grants, redirect_uris: person.redirect_uris },
    {
      client_id: 'app', application_type: 'native', token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'], response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  scopes: ['openid', 'offline_access', ...scopes.split(' ')],
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'RS384', 'ES256', 'ES384', 'HS256'] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) => code.scopes.has('offline_access'),
  features: {
    clientCredentials: { enabled: true },
    revocation: { enabled: true, allowedPolicy: () => true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => fhir,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: scopes, audience: fhir, accessTokenTTL: state.ttl, accessTokenFormat: 'opaque' }),
    },
  },
  ttl: {
    AccessToken: () => state.ttl, ClientCredentials: () => state.ttl, RefreshToken: 86400,
    AuthorizationCode: 60, Grant: 86400, IdToken: 300, Interaction: 600, Session: 600,
  },
});
// SMART wants the patient beside the token.
provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === '/token' && ctx.body && ctx.body.access_token && ctx.oidc.client.clientId.startsWith('app')) {
    ctx.body.patient = 'patient-77';
  }
});

function send(res, status, body, type = 'application/json', headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  res.writeHead(status, { 'Content-Type': type, ...headers });
  res.end(text);
}

async function bodyOf(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const odd = {
  '/odd/html': (res) => send(res, 200, '<!DOCTYPE html><title>Sign in</title>', 'text/html'),
  '/odd/missing': (res) => send(res, 404, 'no such thing', 'text/plain'),
  '/odd/busy': (res) => send(res, 429, '', 'text/plain', { 'Retry-After': '1' }),
  '/odd/broken': (res) => send(res, 500, '<h1>Error</h1>', 'text/html'),
  '/odd/scope': (res) => send(res, 400, { error: 'invalid_scope', error_description: 'CCD is not yours' }),
  '/odd/quoted': (res) => send(res, 200, { access_token: 'odd-token-of-the-quoted-kind', token_type: 'bEaReR', expires_in: '600' }),
  '/odd/clock': (res) => send(res, 401, { error: 'invalid_client' }, 'application/json', { Date: new Date(Date.now() - 900e3).toUTCString() }),
};

async function giveData(req, res) {
  const token = (req.headers.authorization || '').replace(/^Bearer /, '');
  const found = await provider.AccessToken.find(token) || await provider.ClientCredentials.find(token);
  const page = Number(new URL(req.url, issuer).searchParams.get('page') || 1);
  const link = page < 4 ? [{ relation: 'next', url: `${fhir}/ImagingStudy?page=${page + 1}` }] : [];

  if (found && state.deaths > 0 && !state.died.includes(page)) {
    state.deaths -= 1;
    state.died.push(page);
    await found.destroy();
    return send(res, 401, {});
  }
  if (!found) return send(res, 401, {}, 'application/json', { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  const study = {
    resourceType: 'ImagingStudy', id: `s${page}`, status: 'available', subject: { reference: 'Patient/p' },
    identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:2.25.9${page}` }],
  };
  return send(res, 200, { resourceType: 'Bundle', type: 'searchset', link, entry: [{ resource: study }] }, 'application/fhir+json');
}

function giveConfiguration(res, more = {}) {
  send(res, 200, {
    issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/token/revocation`, grant_types_supported: ['authorization_code'],
    code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['private_key_jwt'],
    capabilities: ['launch-ehr', 'launch-standalone', 'client-public', 'context-standalone-patient'], ...more,
  });
}

function giveCapability(res) {
  const uris = [{ url: 'authorize', valueUri: `${issuer}/auth` }, { url: 'token', valueUri: `${issuer}/token` }];
  const url = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

  send(res, 200, {
    resourceType: 'CapabilityStatement', fhirVersion: '4.0.1',
    rest: [{ mode: 'server', security: { extension: [{ url, extension: uris }] } }],
  }, 'application/fhir+json');
}

async function control(req, res) {
  Object.assign(state, JSON.parse(await bodyOf(req)), { died: [], requests: [] });
  send(res, 200, {});
}

const handle = provider.callback();
server.on('request', (req, res) => {
  const where = req.url.split('?')[0];

  if (where === '/__control') return control(req, res);
  if (where === '/__requests') return send(res, 200, state.requests);
  if (where.startsWith('/odd/') || where.startsWith('/token')) {
    const seen = { path: where, authorization: (req.headers.authorization || '').split(' ')[0] };
    state.requests.push(seen);
    res.on('finish', () => { seen.status = res.statusCode; });
  }
  if (odd[where]) return odd[where](res);
  if (where === '/fhir/r4/.well-known/smart-configuration') return giveConfiguration(res);
  if (where === '/fhir/imaging/.well-known/smart-configuration') {
    return giveConfiguration(res, { associated_endpoints: [{ url: 'http://127.0.0.1:1/dicom-web', capabilities: ['smart-imaging-access'] }] });
  }
  if (where === '/fhir/old/metadata') return giveCapability(res);
  if (where.startsWith('/fhir/r4/ImagingStudy') || where.startsWith('/fhir/imaging/ImagingStudy')) return giveData(req, res);
  if (where.startsWith('/fhir/')) return send(res, 404, {});
  // The same token endpoint under a name that its own clients do not know: a wrong audience.
  if (where === '/alias/token') req.url = '/token';
  return handle(req, res);
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
console.log(JSON.stringify({ port: server.address().port }));
