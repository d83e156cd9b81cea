// Asks the parser `mrz` of npm about zones.
//
//     node peer.mjs package/lib/index.js < zones > answers
//
// A zone is a line of the input, its own lines apart by tabs; its answer is a line of JSON: what the parser
// reads, or an array of what it finds wrong. Dates are six digits to it.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { parse } = await import(pathToFileURL(process.argv[2]));

function ask(lines) {
  let found;
  try {
    found = parse(lines);
  } catch (error) {
    return [error.name];
  }
  if (!found.format.startsWith('TD')) {
    return ['format'];
  }
  if (!found.valid) {
    return found.details.filter((detail) => !detail.valid).map((detail) => detail.field);
  }
  const { fields } = found;
  return {
    code: fields.documentCode,
    state: fields.issuingState,
    number: found.documentNumber,
    surname: fields.lastName,
    given: fields.firstName,
    nationality: fields.nationality,
    birth: fields.birthDate,
    sex: fields.sex,
    expiry: fields.expirationDate,
    optional: fields.optional ?? fields.optional1 ?? fields.personalNumber ?? '',
    optional_2: fields.optional2 ?? null,
  };
}

const zones = readFileSync(0, 'utf8').split('\n').slice(0, -1);
process.stdout.write(zones.map((zone) => `${JSON.stringify(ask(zone.split('\t')))}\n`).join(''));
