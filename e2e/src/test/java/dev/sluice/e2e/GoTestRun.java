package dev.sluice.e2e;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.sluice.e2e.host.Command;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * What a Go test program reported, run with {@code -test.v}.
 *
 * @param cases the subtests in the order in which they ended
 * @param exitCode 0 if all passed or were skipped
 * @param output all it wrote
 */
record GoTestRun(List<Case> cases, int exitCode, String output) {
    private static final Pattern TURN = Pattern.compile("=== (?:RUN|NAME|CONT|PAUSE)\\s+(\\S+)");
    private static final Pattern END = Pattern.compile("\\s+--- (PASS|FAIL|SKIP): (\\S+) \\(.*\\)");

    GoTestRun {
        cases = List.copyOf(cases);
    }

    /**
     * One subtest.
     *
     * @param name with the names of the tests around it, separated by slashes
     * @param said what it wrote
     */
    record Case(String name, Result result, String said) {}

    enum Result {
        PASS,
        FAIL,
        SKIP
    }

    static GoTestRun of(Command.Result result) {
        Map<String, StringBuilder> said = new LinkedHashMap<>();
        List<Case> cases = new ArrayList<>();
        String speaker = "";
        for (String line : result.stdout().lines().toList()) {
            Matcher turn = TURN.matcher(line);
            Matcher end = END.matcher(line);
            if (turn.matches()) {
                speaker = turn.group(1);
            } else if (end.matches()) {
                String words =
                        said.getOrDefault(end.group(2), new StringBuilder()).toString();
                cases.add(new Case(end.group(2), Result.valueOf(end.group(1)), words));
            } else {
                said.computeIfAbsent(speaker, name -> new StringBuilder())
                        .append(line)
                        .append('\n');
            }
        }
        return new GoTestRun(cases, result.exitCode(), result.stdout() + result.stderr());
    }

    /**
     * A test for each subtest, and one for the program as a whole: that it ran them all, and that no failure is hidden.
     *
     * @param mayBeSkipped names of the subtests that may skip themselves
     * @param expected how many subtests each test has at least, by its name
     */
    Stream<DynamicTest> tests(Set<String> mayBeSkipped, Map<String, Integer> expected) {
        return Stream.concat(
                cases.stream().map(one -> DynamicTest.dynamicTest(one.name(), () -> report(one, mayBeSkipped))),
                Stream.of(DynamicTest.dynamicTest("all of them ran", () -> requireWhole(expected))));
    }

    private static void report(Case one, Set<String> mayBeSkipped) {
        if (one.result() == Result.SKIP && mayBeSkipped.contains(one.name())) {
            abort(one.said());
        }
        if (one.result() != Result.PASS) {
            fail(one.name() + ": " + one.result() + "\n" + one.said());
        }
    }

    private void requireWhole(Map<String, Integer> expected) {
        boolean failed = cases.stream().anyMatch(one -> one.result() == Result.FAIL);
        if (exitCode != 0 && !failed) {
            fail("the program failed outside of its subtests, exit code " + exitCode + "\n" + output);
        }
        expected.forEach((test, count) -> {
            List<String> names = cases.stream()
                    .map(Case::name)
                    .filter(name -> name.startsWith(test + "/"))
                    .toList();
            if (names.size() < count) {
                fail(test + " has " + names.size() + " subtests, expected " + count + ": "
                        + names.stream().collect(joining(", ")) + "\n" + output);
            }
        });
    }
}
