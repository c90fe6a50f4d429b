/** The model of the ledger holds to the contract of all ledgers: else comparing the real one with it would prove nothing. */
import { describe } from 'vitest';
import { ledgerContract } from '../support/ledger.ts';
import { modelLedger } from '../support/model-ledger.ts';

describe('the model of the ledger', () => ledgerContract(modelLedger));
