package dev.sluice.cli;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.daemon.DoctorReport;
import java.util.Locale;

/** How {@code sluice doctor} reads. */
record DoctorText(DoctorReport report) {
    String plain() {
        return report.findings().stream().map(DoctorText::plain).collect(joining(System.lineSeparator()));
    }

    private static String plain(DoctorReport.Finding finding) {
        String line = String.format("%-8s %s: %s", level(finding), finding.subject(), finding.explanation());
        return line
                + finding.fix()
                        .map(fix -> System.lineSeparator() + "         fix, " + fix.where() + ": " + fix.line())
                        .orElse("");
    }

    String json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("healthy", report.healthy());
        ArrayNode findings = root.putArray("findings");
        for (DoctorReport.Finding finding : report.findings()) {
            ObjectNode node = findings.addObject()
                    .put("subject", finding.subject())
                    .put("level", level(finding))
                    .put("explanation", finding.explanation());
            finding.fix()
                    .ifPresent(fix ->
                            node.putObject("fix").put("where", fix.where()).put("line", fix.line()));
        }
        return root.toPrettyString();
    }

    private static String level(DoctorReport.Finding finding) {
        return finding.level().name().toLowerCase(Locale.ROOT);
    }
}
