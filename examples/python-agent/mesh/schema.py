"""What is wrong with a value by its JSON Schema: as much of the standard as the skills and frames here are written in."""

import re

TYPES = {'object': dict, 'array': list, 'string': str, 'boolean': bool, 'integer': int, 'number': (int, float)}


def fault_of(schema, value, path=''):
    """The first fault as `/path what is wrong`, or None. Keys that no schema names are let pass."""
    kind = schema.get('type') or type_of(value)
    is_wrong_bool = isinstance(value, bool) and kind in ('integer', 'number')
    if kind != 'null' and (not isinstance(value, TYPES[kind]) or is_wrong_bool):
        return f'{path or "/"} must be of type {kind}'
    if 'enum' in schema and value not in schema['enum']:
        return f'{path or "/"} must be one of {", ".join(map(str, schema["enum"]))}'
    for fault in LOOKS.get(kind, lambda *_: ())(schema, value, path):
        return fault
    if 'oneOf' in schema and sum(fault_of(each, value, path) is None for each in schema['oneOf']) != 1:
        return f'{path or "/"} must be exactly one of what the schema names'
    return None


def type_of(value):
    return next((kind for kind, of in TYPES.items() if isinstance(value, of)), 'null')


def look_at_object(schema, value, path):
    yield from (f'{path}/{name} is missing' for name in schema.get('required', ()) if name not in value)
    for name, inner in schema.get('properties', {}).items():
        if name in value and (fault := fault_of(inner, value[name], f'{path}/{name}')):
            yield fault


def look_at_array(schema, value, path):
    if not schema.get('minItems', 0) <= len(value) <= schema.get('maxItems', len(value)):
        yield f'{path or "/"} has too few or too many items'
    for index, item in enumerate(value):
        if 'items' in schema and (fault := fault_of(schema['items'], item, f'{path}/{index}')):
            yield fault


def look_at_string(schema, value, path):
    if not schema.get('minLength', 0) <= len(value) <= schema.get('maxLength', len(value)):
        yield f'{path or "/"} is too short or too long'
    if 'pattern' in schema and not re.search(schema['pattern'], value):
        yield f'{path or "/"} does not look as it must'


def look_at_number(schema, value, path):
    if not schema.get('minimum', value) <= value <= schema.get('maximum', value):
        yield f'{path or "/"} is too small or too large'


LOOKS = {
    'object': look_at_object,
    'array': look_at_array,
    'string': look_at_string,
    'integer': look_at_number,
    'number': look_at_number,
}
