package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.e2e.GoTestRun.Case;
import dev.sluice.e2e.host.Command;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class GoTestRunTest {
    private static final String OUTPUT = """
            === RUN   TestSuite
            === RUN   TestSuite/Good
            === PAUSE TestSuite/Good
            === RUN   TestSuite/Bad
                suite_test.go:7: a word
            === CONT  TestSuite/Good
            === NAME  TestSuite/Bad
                suite_test.go:8: another word
            --- FAIL: TestSuite (0.00s)
                --- PASS: TestSuite/Good (0.31s)
                --- FAIL: TestSuite/Bad (0.02s)
                --- SKIP: TestSuite/Idle (0.00s)
            FAIL
            """;

    private static GoTestRun run(int exitCode, String output) {
        return GoTestRun.of(new Command.Result(exitCode, output, "", Duration.ZERO, Optional.empty()));
    }

    private static void execute(GoTestRun run, String name, Set<String> mayBeSkipped, Map<String, Integer> expected)
            throws Throwable {
        DynamicTest test = run.tests(mayBeSkipped, expected)
                .filter(one -> one.getDisplayName().equals(name))
                .findFirst()
                .orElseThrow();
        test.getExecutable().execute();
    }

    @Test
    void knowsWhatEachSubtestCameToAndSaid() {
        List<Case> cases = run(1, OUTPUT).cases();

        assertThat(cases).extracting(Case::name).containsExactly("TestSuite/Good", "TestSuite/Bad", "TestSuite/Idle");
        assertThat(cases.get(1).said()).contains("7: a word", "8: another word");
    }

    @Test
    void aSubtestThatFailedOrSkippedItselfUninvitedIsAFailure() {
        GoTestRun run = run(1, OUTPUT);

        assertThatCode(() -> execute(run, "TestSuite/Good", Set.of(), Map.of())).doesNotThrowAnyException();
        assertThatThrownBy(() -> execute(run, "TestSuite/Bad", Set.of(), Map.of()))
                .hasMessageContaining("another word");
        assertThatThrownBy(() -> execute(run, "TestSuite/Idle", Set.of(), Map.of()))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> execute(run, "TestSuite/Idle", Set.of("TestSuite/Idle"), Map.of()))
                .isInstanceOf(TestAbortedException.class);
    }

    @Test
    void aProgramThatBreaksOffIsAFailure() {
        assertThatThrownBy(() -> execute(run(2, "panic: oh"), "all of them ran", Set.of(), Map.of()))
                .hasMessageContaining("panic: oh");
        assertThatThrownBy(() -> execute(run(1, OUTPUT), "all of them ran", Set.of(), Map.of("TestSuite", 4)))
                .hasMessageContaining("has 3 subtests, expected 4");
        assertThatCode(() -> execute(run(1, OUTPUT), "all of them ran", Set.of(), Map.of("TestSuite", 3)))
                .doesNotThrowAnyException();
    }
}
