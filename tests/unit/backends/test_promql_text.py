"""What is printed means what was made: the parser of Prometheus' language reads the same tree from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_mlmon.backends.prometheus.model_rules import groups
from otel_mlmon.backends.prometheus.rule import Rule
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import (
    Aggregation,
    Binary,
    Call,
    Expression,
    Matcher,
    Matching,
    Number,
    Selector,
    Subquery,
    Text,
    on,
)
from otel_mlmon.backends.promql.text import duration, number, text
from tests.model_subjects import ALL

WIDTHS = (20, 40, 60, 100, 108, 200)
ARITHMETIC = ("+", "-", "*", "/", "%", "^")
COMPARISON = (">", "<", ">=", "<=", "==", "!=")
SETS = ("and", "or", "unless")


def structure(parsed: Any) -> Any:  # noqa: PLR0911  (a return a kind)
    """Return what a parsed expression computes, whatever brackets stand in it."""
    match parsed:
        case promql_parser.ParenExpr():
            return structure(parsed.expr)
        case promql_parser.BinaryExpr():
            # Only the text of the modifier tells all of it.
            modifier = None if parsed.modifier is None else _modifier(parsed.modifier)
            return (str(parsed.op), modifier, structure(parsed.lhs), structure(parsed.rhs))
        case promql_parser.UnaryExpr():
            return ("negative", structure(parsed.expr))
        case promql_parser.Call():
            return (parsed.func.name, *map(structure, parsed.args))
        case promql_parser.AggregateExpr():
            modifier = None if parsed.modifier is None else (str(parsed.modifier.type), tuple(parsed.modifier.labels))
            parameter = None if parsed.param is None else structure(parsed.param)
            return (str(parsed.op), modifier, parameter, structure(parsed.expr))
        case promql_parser.SubqueryExpr():
            return (str(parsed.range), str(parsed.step), str(parsed.offset), structure(parsed.expr))
    return parsed.prettify()


def _modifier(modifier: Any) -> tuple[Any, ...]:
    matching = modifier.matching
    matched = None if matching is None else (str(matching.type), tuple(matching.labels))
    return (str(modifier.card), matched, tuple(modifier.group_labels or ()), modifier.return_bool)


def bracketed(expression: Expression) -> str:
    """Return PromQL with brackets around every operation: nothing depends on what binds tighter."""
    match expression:
        case Binary(operator, left, right, matching):
            matched = "" if matching is None else f"{matching.clause} ({', '.join(matching.labels)})"
            group = (
                ""
                if matching is None or matching.group is None
                else f"group_{matching.group} ({', '.join(matching.include)})"
            )
            return f"(({bracketed(left)}) {operator} {matched} {group} ({bracketed(right)}))"
        case Call(function, arguments):
            return f"{function}({', '.join(map(bracketed, arguments))})"
        case Aggregation(operator, operand, labels, clause, parameter):
            first = "" if parameter is None else f"{bracketed(parameter)}, "
            return f"{operator} {clause} ({', '.join(labels)}) ({first}{bracketed(operand)})"
        case Subquery(operand, window, step, offset):
            return f"({bracketed(operand)})[{duration(window)}:{duration(step)}]" + (
                f" offset {duration(offset)}" if offset else ""
            )
    return text(expression)


selectors = st.builds(
    Selector,
    st.sampled_from(["up", "job_model:ml_prediction_value:rows10m"]),
    st.lists(st.builds(Matcher, st.sampled_from(["job", "le"]), st.text("a\"\\\n{}é'", max_size=4)), max_size=2).map(
        tuple
    ),
    offset=st.sampled_from([0, 1, 90, 600, 86400, 604800]),
)
matchings = st.one_of(
    st.none(),
    st.builds(Matching, st.sampled_from([("job",), ("job", "le")]), st.sampled_from(["on", "ignoring"])),
)


def _functions() -> st.SearchStrategy[Callable[[Expression], Expression]]:
    labels = ("job", "le")
    return st.sampled_from(
        [
            lambda operand: Call("abs", (operand,)),
            lambda operand: Call("label_replace", (operand, *map(Text, ("le", "$1", "le", r"(.+)\.0")))),
            lambda operand: Call("max_over_time", (Subquery(operand, 86400, 3600),)),
            lambda operand: Call("max_over_time", (Subquery(operand, 86400, 3600, 604800),)),
            lambda operand: Aggregation("sum", operand, labels),
            lambda operand: Aggregation("max", operand, labels, "without"),
            lambda operand: Aggregation("topk", operand, labels, "by", Number(2.0)),
            lambda operand: Binary("*", operand, operand, on("job").many()),
            lambda operand: Binary("^", Number(-2.0), operand),
            lambda operand: Binary("-", operand, Number(-2.0)),
        ]
    )


def operations(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    joined = st.builds(Binary, st.sampled_from(ARITHMETIC + COMPARISON + SETS), inner, inner, matchings)
    return joined | st.builds(lambda function, operand: function(operand), _functions(), inner)


expressions = st.recursive(selectors, operations, max_leaves=12)


@given(expressions, st.integers(20, 200))
def test_an_expression_of_any_form_is_printed_as_it_was_made(expression: Expression, width: int):
    assert structure(promql_parser.parse(text(expression, width))) == structure(
        promql_parser.parse(bracketed(expression))
    )


@pytest.mark.parametrize("outer", [*ARITHMETIC, *COMPARISON, *SETS])
def test_brackets_stand_wherever_another_operation_would_bind_first(outer: str):
    first, second, third = Selector("a"), Selector("b"), Selector("c")
    for inner in ARITHMETIC + COMPARISON + SETS:
        for expression in (
            Binary(outer, Binary(inner, first, second), third),
            Binary(outer, first, Binary(inner, second, third)),
        ):
            for width in (5, 200):
                printed = structure(promql_parser.parse(text(expression, width)))
                assert printed == structure(promql_parser.parse(bracketed(expression))), expression


@given(st.floats(allow_nan=False))
def test_a_number_keeps_all_its_digits(value: float):
    assert float(number(value)) == value


def rules(subject: Subject) -> list[Rule]:
    return [rule for group in groups(subject) for rule in group.rules]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("subject", ALL, ids=lambda subject: subject.name)
def test_every_rule_is_printed_as_it_was_made(subject: Subject, width: int):
    for rule in rules(subject):
        printed = structure(promql_parser.parse(text(rule.expression, width)))
        assert printed == structure(promql_parser.parse(bracketed(rule.expression))), rule
