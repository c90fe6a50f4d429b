#!/usr/bin/python3
"""The smallest agent: strict JSON-RPC 2.0 on a WebSocket of this machine, one skill, no handshake, no card."""

import asyncio, http, json, sys

try:
    from websockets.legacy.server import serve as listen  # since 14 websockets.serve is another one
except ImportError as missing:
    sys.exit(f'minimal.py needs websockets 10 to 15, as in python3-websockets of Debian: {missing}')


def count_lines(params):
    if not isinstance(params, dict) or not isinstance(params.get('text'), str):
        raise ValueError('/text must be a string')
    return {'lines': len(params['text'].splitlines())}


SKILLS = {'count_lines': count_lines}


def answer(entry):
    entry = entry if isinstance(entry, dict) else {}
    ident, method, params = entry.get('id'), entry.get('method'), entry.get('params', {})
    if 'method' not in entry and ('result' in entry or 'error' in entry):
        return None  # an answer to something we never asked
    is_call = entry.get('jsonrpc') == '2.0' and isinstance(method, str)
    if is_call and 'id' not in entry:
        return None  # a notification
    is_id = (
        ident is None or type(ident) is int or isinstance(ident, str) and len(ident.encode('utf-8', 'replace')) <= 256
    )
    code, said = -32600, 'Invalid Request'
    if is_call and is_id and isinstance(params, (dict, list)) and not is_too_deep(entry, 64):
        if method not in SKILLS:
            return {'jsonrpc': '2.0', 'error': {'code': -32601, 'message': 'Method not found'}, 'id': ident}
        try:
            return {'jsonrpc': '2.0', 'result': SKILLS[method](params), 'id': ident}
        except ValueError as fault:
            code, said = -32602, f'Invalid params: {fault}'
        except Exception as fault:  # a fault of the skill: what it is stays here
            print(f'{method}: {fault!r}', file=sys.stderr)
            code, said = -32603, 'Internal error'
    return {'jsonrpc': '2.0', 'error': {'code': code, 'message': said}, 'id': ident if is_id else None}


def is_too_deep(value, left):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and (left == 0 or any(is_too_deep(each, left - 1) for each in inner))


def number(text):
    value = float(text)  # NaN and what is too large for JavaScript stay floats: no ids
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def reply(text):
    try:
        frame = json.loads(text, parse_constant=SKILLS.__getitem__, parse_int=number, parse_float=number)
    except (ValueError, KeyError):  # NaN is no JSON
        return {'jsonrpc': '2.0', 'error': {'code': -32700, 'message': 'Parse error'}, 'id': None}
    except RecursionError:
        return answer(None)
    is_batch = isinstance(frame, list) and 0 < len(frame) <= 32
    return [each for each in map(answer, frame) if each] if is_batch else answer(frame)


async def serve(link):
    async for text in link:
        if isinstance(text, bytes):
            return await link.close(1003)
        if answers := reply(text):
            await link.send(json.dumps(answers))


async def refuse(_path, headers):
    is_ours = 'Sec-WebSocket-Protocol' not in headers and headers.get_all('Sec-WebSocket-Version') == ['13']
    return None if is_ours else (http.HTTPStatus.BAD_REQUEST, [('Sec-WebSocket-Version', '13')], b'')


async def main(port):
    async with listen(
        serve, '127.0.0.1', port, origins=[None], process_request=refuse, compression=None, max_size=65_536
    ):
        await asyncio.Future()


if __name__ == '__main__':
    if len(sys.argv) > 2 or len(sys.argv) == 2 and not sys.argv[1].isdecimal():
        sys.exit(f'{__doc__}\n\nusage: minimal.py [port, else 9021]')
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9021))
