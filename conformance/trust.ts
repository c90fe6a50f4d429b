/** Whom a visitor believes over TLS, and what it shows there. */

/** PEM texts; none is needed for a peer that the machine trusts and that asks for no certificate. */
export interface Trust {
  /** The authorities to trust instead of the machine's own. */
  tls_ca?: string | undefined;
  /** The certificate for a peer that asks for one (mutual TLS); it needs its `tls_key`. */
  tls_cert?: string | undefined;
  tls_key?: string | undefined;
}

/** That part of what one was told. */
export const trustIn = ({ tls_ca, tls_cert, tls_key }: Trust): Trust => ({ tls_ca, tls_cert, tls_key });

/** The same as TLS takes it. */
export const secretsOf = ({ tls_ca, tls_cert, tls_key }: Trust) => ({
  ...(tls_ca !== undefined && { ca: tls_ca }),
  ...(tls_cert !== undefined && { cert: tls_cert }),
  ...(tls_key !== undefined && { key: tls_key }),
});
