package dev.sluice.install.toml;

import dev.sluice.fuzz.Require;

/** Holds the places that the lexer has found against what the parser says. */
public final class TomlPlaces {
    private TomlPlaces() {}

    /** What stands at the place of a value means this value. */
    public static void check(TomlDocument document) {
        int end = 0;
        for (TomlStatement statement : document.statements()) {
            Require.that(statement.start() >= end, "statements overlap");
            Require.that(statement.end() > statement.start(), "a statement without text");
            end = statement.end();
        }
        for (TomlStatement.Assignment assignment : document.assignments()) {
            String text = document.text()
                    .substring(assignment.value().start(), assignment.value().end());
            try {
                TomlDocument alone = TomlDocument.parse("v = " + text);
                if (!assignment.inArray()) {
                    Require.equal(
                            alone.root().path("v"),
                            document.at(assignment.path()),
                            "a value is not where it was found");
                }
            } catch (TomlException e) {
                throw new AssertionError("what was found is not a value: " + text, e);
            }
        }
    }
}
