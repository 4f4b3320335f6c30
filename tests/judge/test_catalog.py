"""Metadata is typed and strict; what a person types is resolved or answered with a suggestion."""

from pathlib import Path

import pytest

from tests.judge.conftest import Make
from threadmarks import catalog, content
from threadmarks.catalog import CatalogFile, ExerciseFile, parse_toml
from threadmarks.errors import AuthoringError, UsageError

META = 'id = "ex90"\ntitle = "T"\nsummary = "S"\ndifficulty = 1\nminutes = 1\nconcepts = ["c"]\n'


def test_the_shipped_catalogue_loads() -> None:
    """Every exercise in it has metadata that parses."""
    ids = [exercise.id for exercise in catalog.load()]
    assert ids == sorted(ids)
    assert len(ids) >= 5


def test_content_is_beside_the_package_in_a_checkout() -> None:
    """In a wheel it is inside."""
    assert (content.root() / "exercises" / "catalog.toml").is_file()


def test_paths_follow_from_the_folders_name(make: Make) -> None:
    """The same place in each tree."""
    exercise = make()
    paths = (exercise.stub, exercise.statement, exercise.scenarios, exercise.checks, exercise.reference)
    assert [str(path.relative_to(exercise.root)) for path in paths] == [
        "exercises/ex90_mini/ex90.py",
        "exercises/ex90_mini/README.md",
        "graders/ex90_mini/scenarios.py",
        "graders/ex90_mini/test_mini.py",
        "solutions/ex90_mini/ex90.py",
    ]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('titel = "x"\n', 'unknown key "titel". Did you mean "title"?'),
        ('zzz = "x"\n', 'unknown key "zzz". Known: id, title'),
        ('[stub]\nfindings = "x"\n', 'unknown key "stub.findings". Did you mean "finding"?'),
        (
            '[policy]\nforbidden_import = ["x"]\n',
            'unknown key "policy.forbidden_import". Did you mean "forbidden_imports"?',
        ),
        ('[races]\ncost = "both"\n', 'unknown key "races.cost". Did you mean "costs"?'),
        ('[races]\ncosts = "none"\n', "Invalid enum value 'none'"),
        ('[stub]\nverdict = "fail"\n', "Invalid enum value 'fail'"),
        ("minutes = 2\n", "Cannot overwrite a value"),
        ("x = \n", "not TOML"),
    ],
)
def test_metadata_with_a_mistake_is_refused_with_a_suggestion(extra: str, words: str) -> None:
    """A misspelt key that is ignored is a setting that does nothing."""
    with pytest.raises(AuthoringError) as caught:
        parse_toml(META + extra, ExerciseFile, "exercise.toml")
    assert str(caught.value).startswith("exercise.toml: ")
    assert words in str(caught.value)


def test_metadata_without_a_required_key_is_refused() -> None:
    """The message names it."""
    with pytest.raises(AuthoringError, match="missing required field `title`"):
        parse_toml(META.replace('title = "T"\n', ""), ExerciseFile, "exercise.toml")


def test_a_difficulty_beyond_five_is_refused() -> None:
    """The board has five marks."""
    with pytest.raises(AuthoringError, match="difficulty"):
        parse_toml(META.replace("difficulty = 1", "difficulty = 6"), ExerciseFile, "exercise.toml")


def test_the_smallest_catalogue_is_accepted() -> None:
    """The accepting case."""
    assert parse_toml('order = ["ex90_mini"]', CatalogFile, "catalog.toml").order == ("ex90_mini",)


def test_an_id_that_does_not_fit_its_folder_is_refused(make: Make) -> None:
    """Everything is found by the folder's name."""
    exercise = make()
    path = exercise.folder / "exercise.toml"
    path.write_text(path.read_text().replace("ex90", "ex91"))
    with pytest.raises(AuthoringError, match='id "ex91" does not begin the folder\'s name'):
        catalog.load(exercise.root)


@pytest.mark.parametrize("word", ["ex02", "ex02_thread_pool"])
def test_an_exercise_is_found_by_id_and_by_folder(word: str) -> None:
    """Both are seen in listings."""
    assert catalog.resolve(word).id == "ex02"


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("2", " Did you mean ex02?"),
        ("ex2", " Did you mean ex02?"),
        ("EX02", " Did you mean ex02?"),
        ("ex02.py", " Did you mean ex02?"),
        ("thread_pol", " Did you mean ex02?"),
        ("qqqq", ""),
    ],
)
def test_another_word_is_a_usage_error_with_a_suggestion(word: str, suggestion: str) -> None:
    """The whole message: what, which, and the next command."""
    with pytest.raises(UsageError) as caught:
        catalog.resolve(word)
    assert str(caught.value) == f'There is no exercise "{word}".{suggestion} See all exercises with: grade'


def test_hints_come_in_levels(make: Make) -> None:
    """The mildest first, without their headings."""
    exercise = make()
    exercise.hints_file.write_text("# Hints\n\n## Hint 1\n\nLook.\n\n## Hint 2\nLook closer.\n")
    assert exercise.hints() == ("Look.", "Look closer.")


@pytest.mark.parametrize("text", ["", "## Hint 2\nx\n", "## Hint 1\nx\n## Hint 3\ny\n"])
def test_hints_out_of_order_are_refused(make: Make, text: str) -> None:
    """Level two after level one, or a student gets the answer first."""
    exercise = make()
    exercise.hints_file.write_text(text)
    with pytest.raises(AuthoringError, match="expected headings"):
        exercise.hints()


def test_a_missing_catalogue_is_an_authoring_error(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(AuthoringError, match="cannot be read"):
        catalog.load(tmp_path)
