"""The strict judge of JSON-RPC 2.0 frames: text in, requests, notifications, answers and refusals out."""

import json
import re

DEPTH_MAX, BATCH_MAX, ID_BYTES_MAX, ID_MAX = 64, 32, 256, 2**53 - 1
NO_ID = object()  # `null` is an id, its absence makes a notification


def read_frame(text):
    """Whether a frame is a batch, and its entries as (kind, value): request, notification, answer, refusal, strike or dropped."""
    try:
        value = parse(without_depths(text))
    except ValueError:
        return False, [refusal(-32700, None, 'Parse error')]
    if not isinstance(value, list):
        return False, [judge(value)]
    if not value or len(value) > BATCH_MAX:
        return False, [
            refusal(-32600, None, 'Invalid Request' + (f': a batch over {BATCH_MAX} entries' if value else ''))
        ]
    return True, [judge(entry) for entry in value]


def judge(entry):
    if not isinstance(entry, dict):
        return refusal(-32600, None)
    ident, method = entry.get('id', NO_ID), entry.get('method')
    echo = ident if is_id(ident) else None
    is_answer = 'method' not in entry and ('result' in entry or 'error' in entry)
    if is_answer:
        return judge_answer(entry)
    if is_too_deep(entry, DEPTH_MAX):
        is_notification = isinstance(method, str) and ident is NO_ID
        return ('dropped', None) if is_notification else refusal(-32600, echo, 'Invalid Request: nested too deeply')
    if entry.get('jsonrpc') != '2.0':
        return refusal(-32600, echo, 'Invalid Request: jsonrpc must be "2.0"')
    if not isinstance(method, str):
        return refusal(-32600, echo)
    if 'params' in entry and not isinstance(entry['params'], (dict, list)):
        wrong = refusal(-32600, echo, 'Invalid Request: params must be an object or an array')
        return ('dropped', None) if ident is NO_ID else wrong
    if ident is NO_ID:
        return 'notification', entry
    if not is_id(ident):
        return refusal(-32600, None, 'Invalid Request: id must be a string, an integer or null')
    return 'request', entry


def judge_answer(entry):
    error = entry.get('error')
    is_wellformed = 'error' not in entry or (
        'result' not in entry
        and isinstance(error, dict)
        and is_integer(error.get('code'))
        and isinstance(error.get('message'), str)
    )
    if entry.get('jsonrpc') != '2.0' or not is_id(entry.get('id', NO_ID)) or not is_wellformed:
        return 'strike', 'an answer that breaks the rules'
    if is_too_deep(entry, DEPTH_MAX):
        return 'answer', {'id': entry['id'], 'error': {'code': 5000, 'message': 'The answer was nested too deeply'}}
    return 'answer', entry


def refusal(code, ident, message='Invalid Request'):
    return 'refusal', (code, ident, message)


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_id(value):
    if isinstance(value, str):
        return len(value.encode('utf-8', 'surrogatepass')) <= ID_BYTES_MAX
    return value is None or (is_integer(value) and abs(value) <= ID_MAX)


def is_too_deep(value, depth_max):
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return depth_max == 0 or any(is_too_deep(item, depth_max - 1) for item in items)


def parse(text):
    """JSON as RFC 8259 has it: no NaN, and numbers as JavaScript reads them, whatever their length."""
    return json.loads(text, parse_constant=no_constant, parse_int=to_number, parse_float=to_number)


def to_text(value):
    """JSON that is safe on a text frame: lone surrogates stay escaped; what JSON cannot say is a ValueError."""
    return json.dumps(value, separators=(',', ':'), allow_nan=False)


def no_constant(name):
    raise ValueError(f'{name} is no JSON')


def to_number(text):
    number = float(text)  # infinite when it is too large, like in JavaScript: no id then
    return int(number) if number.is_integer() and abs(number) <= ID_MAX else number


def without_depths(text):
    """The text with null for all that lies deeper than anything allowed, so that parsing it never recurses far."""
    if text.count('[') + text.count('{') <= DEPTH_MAX:
        return text
    kept, depth, start = [], 0, 0
    for token in STRING_OR_BRACKET.finditer(text):
        if token[0] in '[{':
            depth += 1
            if depth == CUT_DEPTH:
                kept.append(text[start : token.start()] + 'null')
        elif token[0] in ']}':
            depth -= 1
            if depth == CUT_DEPTH - 1:
                start = token.end()
    return ''.join(kept) + text[start:] if depth < CUT_DEPTH else ''


STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.?[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
CUT_DEPTH = DEPTH_MAX + 3  # a batch adds one, and what is cut must still be seen to be too deep
