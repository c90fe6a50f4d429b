/** What a mail wants its reader to feel or do: wording in the languages phish are written in, grouped by purpose. */

import { PIECE_CHARS_MAX } from './pieces.ts';

/** A purpose and the phrases that betray it, matched on folded text (lower case, no accents, plain letters). */
export interface Lure {
  id:
    | 'account'
    | 'payment'
    | 'parcel'
    | 'prize'
    | 'advance-fee'
    | 'crypto'
    | 'gambling'
    | 'dating'
    | 'remedy'
    | 'urgency';
  title: string;
  phrases: RegExp;
}

/** A phrase found, as it stood in the text. */
export interface LureHit {
  lure: Lure;
  phrase: string;
}

/** The purposes found in one piece of text, each with its first phrase. */
export function luresIn(text: string): LureHit[] {
  const folded = fold(text);
  return LURES.flatMap((lure) => {
    const phrase = lure.phrases.exec(folded)?.[0];
    return phrase === undefined ? [] : [{ lure, phrase }];
  });
}

/** Lower case, accents off, styled letters (𝐁𝐨𝐥𝐝, ｗｉｄｅ) plain, invisible ones gone. */
export const fold = (text: string): string =>
  text
    .slice(0, PIECE_CHARS_MAX)
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .replace(/[\s_]+/gu, ' ')
    .replace(/[’`´]/g, "'")
    .toLowerCase();

/** Phrases of one language per line. `.{0,n}` stays within one line and is bounded. */
const phrases = (...lines: readonly string[]): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])(?:${lines.join('|')})`, 'u');

const LURES: readonly Lure[] = [
  {
    id: 'account',
    title: 'claims trouble with an account or a login',
    phrases: phrases(
      'unusual (?:sign.?in|log.?in|activity)|(?:sign.?in|login) (?:attempt|activity|alert)|verify your (?:\\w+ ){0,3}(?:account|identity|wallet|email|mailbox|information|trust)|confirm your (?:\\w+ ){0,2}(?:account|identity|password)',
      '(?:account|wallet|mailbox|membership|subscription|service|profile|card)\\b.{0,25}(?:suspend|lock|restrict|limit|block|deactivat|terminat|disabled|closed|on hold|shutdown|expire)|shutdown account|(?:suspend|restrict|block|deactivat|unlock|validat|reactivat|restor)\\w* (?:\\w+ ){0,2}(?:account|wallet|mailbox)',
      'password (?:\\w+ ){0,2}expir|(?:update|validate|reset) your (?:\\w+ ){0,2}(?:account|password|payment|billing|details)|security (?:alert|notice|notification|team)|mailbox (?:is )?(?:almost )?full|storage (?:\\w+ ){0,3}full|shared (?:a )?(?:document|file) with you|check your document|re-?activate',
      '(?:konto|zugang|karte|postfach|pin|tan|guthaben)\\b.{0,30}(?:gesperrt|eingeschrankt|bestatig|verifizier|abgelaufen|aktualisier|blockiert)|sicherheits-?(?:pin|warnung|hinweis)|bestatigen sie ihr|(?:schutz|abonnement|mitgliedschaft|abo)\\b.{0,25}(?:abgelaufen|endet|verlanger|erneuer)',
      '(?:compte|acces|carte)\\b.{0,30}(?:suspend|bloqu|limit|restreint|verifi|confirm|expir)|activite inhabituelle|mettez? a jour vos|solde\\b.{0,20}(?:pret|attente|retir)',
      '(?:cuenta|tarjeta|acceso)\\b.{0,30}(?:suspendid|bloquead|limitad|restringid|verific)|actividad inusual|verifi(?:que|car) su cuenta|actualice sus datos',
      '(?:conta|cartao|acesso|cpf|cnh|cadastro)\\b.{0,40}(?:suspens|bloque|restri|cancelament|verifi|irregular|regulariz|atualiz)|novo (?:acesso|dispositivo)|acesso a sua conta|detectamos|regularize|removeu seu metodo|adesao',
      '(?:conto|carta|accesso)\\b.{0,30}(?:sospes|bloccat|limitat|verific)|attivita insolita|aggiorna i tuoi dati',
      '(?:rekening|account|pas|toegang)\\b.{0,30}(?:geblokkeerd|opgeschort|beperkt|verlopen|verifi|bevestig)|bevestig uw',
    ),
  },
  {
    id: 'payment',
    title: 'asks for a payment or payment details',
    phrases: phrases(
      'payment (?:details|information|method|failed|declined|overdue|due|pending|issue)|billing (?:information|problem|issue)|(?:overdue|unpaid|outstanding) (?:invoice|payment|balance)|your refund|tax (?:refund|debt)|claim your (?:refund|compensation)|(?:fine|penalty|infraction) (?:notice|detected)',
      'zahlung (?:fehlgeschlagen|ausstehend|offen)|zahlungs(?:daten|methode|problem)|ruckerstattung|offene rechnung|mahnung|auszahlung',
      'paiement (?:refuse|echoue|en attente)|remboursement|facture (?:impayee|en attente)|amende|en attente\\b.{0,20}action',
      'pago (?:rechazado|pendiente)|reembolso|factura pendiente|multa',
      'pagamento (?:pendente|recusado|da taxa)|pendencia|taxa (?:de importacao|alfandegaria)|infracao|multa|divida|debito|sonegacao|restituicao|boleto|fatura',
      'pagamento (?:rifiutato|in sospeso)|rimborso|fattura (?:non pagata|scaduta)',
      'betaling (?:mislukt|geweigerd|openstaand)|terugbetaling|openstaande (?:rekening|factuur)|boete',
    ),
  },
  {
    id: 'parcel',
    title: 'claims that a parcel waits',
    phrases: phrases(
      '(?:parcel|package|shipment|delivery|item)\\b.{0,30}(?:held|pending|on hold|waiting|could not|failed|unable|undeliver|confirm|notified|address|customs)|delivery (?:attempt|failed|fee)|customs (?:fee|duty)|tracking status|schedule your delivery',
      '(?:paket|sendung|lieferung)\\b.{0,30}(?:wartet|zuruck|zoll|konnte nicht|ausstehend|angehalten|bestatig)|zollgebuhr',
      '(?:colis|livraison)\\b.{0,30}(?:attente|bloqu|retenu|douane|echou|confirm)|frais de (?:douane|livraison)',
      '(?:paquete|envio|pedido)\\b.{0,30}(?:pendiente|retenid|aduana|confirm|enviado|devuelto)|confirma tu pedido',
      '(?:encomenda|pedido|pacote|mercadoria|entrega)\\b.{0,40}(?:alfandega|retid|pendent|taxad|devolvid|retornad|aguardando|retirada)',
      '(?:pacco|spedizione|consegna)\\b.{0,30}(?:attesa|trattenut|dogana|fallit|sospes)',
      '(?:pakket|zending|bezorging)\\b.{0,30}(?:wacht|douane|mislukt|vastgehouden)',
    ),
  },
  {
    id: 'prize',
    title: 'promises a prize, a gift or a reward',
    phrases: phrases(
      "congrat(?:s|ulations)\\b|you(?:'ve| have)? (?:been )?(?:selected|chosen|won)\\b|you(?:'re| are) (?:a |the |our )?(?:winner|eligible|selected)|winner confirmation|gift ?card|claim (?:your|my) (?:\\w+ ){0,3}(?:prize|reward|gift|bonus)|(?:your|loyalty|exclusive|unclaimed|pending|executive) (?:\\w+ ){0,2}(?:rewards?|prize|treat)\\b|rewards? (?:has|is|are|waiting|inside)|deserves? a reward|enter (?:now )?to win|participation required|survey (?:reward|and)|special (?:shopping )?(?:treat|surprise)|free (?:gift|sample|trial kit)",
      'gluckwunsch|gutschein|sie haben gewonnen|gewinner|gewinn(?:en|t|daten|zentrale)|finalist|probierpaket|geschenk|pramie|treuebonus|teilnahme|wir gratulieren|jetzt sichern|exklusives angebot',
      "felicitations|vous avez (?:ete )?(?:gagne|selectionne)|bon d'achat|recevez|recevoir une recompense|cadeau|gagnez|votre chance|recompense|remplissez le",
      '(?:has|ha) (?:sido )?(?:ganado|seleccionado)|felicidades|enhorabuena|premio|regalo|recompensa|tarjeta regalo',
      'parabens|voce (?:foi|ganhou)|foi selecionad|premio|brinde|resgat(?:e|ar)|beneficios|vale[- ]presente|pontos',
      'hai vinto|congratulazioni|complimenti|buono regalo|premio|omaggio',
      'gefeliciteerd|(?:u hebt|je hebt|u heeft) gewonnen|win (?:een|nu|vandaag)|cadeau(?:kaart|bon|centrum)|waardebon|enquete in',
    ),
  },
  {
    id: 'advance-fee',
    title: 'offers money from a stranger',
    phrases: phrases(
      'compensation fund|inheritance|next of kin|beneficiary|(?:late|deceased) (?:client|husband|father)|(?:million|billion)\\b.{0,20}(?:dollars?|usd|euros?|pounds)|(?:usd|us\\$|\\$) ?\\d+(?:[.,]\\d+)? ?(?:m\\b|million)|charity (?:fund|donation|project)|donat(?:e|ion) (?:of|to you|the sum)|(?:business|investment) proposal|unclaimed (?:fund|funds|inheritance)|contact (?:me|us|him) (?:\\w+ ){0,4}(?:via|through|on|at) (?:my |this )?(?:private|personal)?\\s?e-?mail|atm (?:visa )?card|diplomat|lottery|fund transfer|bank draft|confidential (?:business|transaction)|god bless',
      'erbschaft|spende von|geldspende|millionen (?:euro|dollar)',
      'heritage de|don de|millions? (?:d.euros|de dollars)',
      'herencia|donacion de|millones de',
      'heranca|doacao de|milhoes de',
    ),
  },
  {
    id: 'crypto',
    title: 'is after crypto money',
    phrases: phrases(
      'seed phrase|recovery phrase|(?:trust|crypto|metamask|your) ?wallet\\b.{0,40}(?:suspend|verif|unlock|validat|sync|upgrad|restrict)|(?:unlock|verify|connect|validate) your (?:trust )?wallet|airdrop|(?:mint|minting)\\b.{0,30}(?:free|nft|now|available)|(?:free|claim)\\b.{0,20}(?:mint|nft|tokens?|eth)\\b|staking|steth|\\bnfts?\\b|(?:btc|bitcoin|eth|crypto)\\b.{0,40}(?:%|profit|valoriz|double|bonus|reward|giveaway|withdraw)|bitcoin (?:trading|investment|mining)|token (?:claim|sale)',
    ),
  },
  {
    id: 'gambling',
    title: 'lures to gambling',
    phrases: phrases(
      'free ?spins?|freispiele|freispins|casino|jackpot|free chips?|giros gratis|tours gratuits|gratis spins|\\d+ ?% (?:boost|bonus)|ohne einzahlung|ohne anzahlung|no deposit|payout|willkommens(?:paket|bonus)',
    ),
  },
  {
    id: 'dating',
    title: 'lures with a stranger or with sex',
    phrases: phrases(
      'nackte?\\b|fick\\w*|aphrodisia\\w*|erecti\\w*|ungelesene nachricht|sexy|horny|single (?:women|ladies|frauen)|(?:hot|lonely) (?:women|girls|wives|milf)|naked|meet (?:women|girls|singles)|date tonight|girls? (?:near|in your)|viagra|cialis|potenz\\w*',
    ),
  },
  {
    id: 'remedy',
    title: 'sells relief in a hurry',
    phrases: phrases(
      'reverse mortgage|zero.?cost solar|solar (?:panels?|incentives?)\\b|zonnepanelen|timeshare|debt relief|car warranty|home warranty|window (?:replacement|savings)|health (?:is )?our priority|hearing aids?|keto|weight loss|blood sugar|tinnitus|neuropathy|prostate|plano de saude|medicare|burial insurance|life insurance quotes?|savings offer|new mastercard|credit card (?:approved|offer)|opportunity for you|pre-?approved',
    ),
  },
  {
    id: 'urgency',
    title: 'presses for time',
    phrases: phrases(
      'urgent|immediate(?:ly)? (?:action|attention|response)|(?:last|final) (?:reminder|notice|warning|chance|attempt|call)|within \\d+ ?(?:hours|hrs|days)|act now|action required|open immediately|expires? (?:today|soon|in \\d+)|before it.s too late|important (?:for you|notice)|limited time|today only|pending confirmation',
      'dringend|letzte (?:erinnerung|chance|mahnung|warnung)|innerhalb von \\d+|sofort|nur noch heute|nur (?:fur )?kurze zeit|noch heute',
      "urgent|derniere? (?:chance|rappel|avis)|sous \\d+ ?h|immediatement|action requise|aujourd'hui",
      'urgente|ultim[oa] (?:aviso|aviso|oportunidad)|intento final|aviso final|inmediatamente',
      'prazo final|ultimo aviso|aviso (?:oficial|urgente|importante)|imediatamente|evite (?:a )?(?:suspensao|multa)|alerta',
      'laatste (?:kans|herinnering|waarschuwing)|dringend|onmiddellijk|vandaag nog',
      'ultimo avviso|immediatamente|entro \\d+ ore',
    ),
  },
];
