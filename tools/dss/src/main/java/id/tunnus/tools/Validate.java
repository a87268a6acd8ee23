package id.tunnus.tools;

import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;

/**
 * Validates one signed file under DSS's default policy, off line, with the certificates given as
 * the only trust anchors, and prints the simple report. It ends with 0 if every signature is
 * TOTAL_PASSED, and with 1 otherwise.
 *
 * <p>Arguments: FILE, then ROOT.pem at least once; --detailed before them prints more.
 */
public final class Validate {
  private Validate() {}

  /** Validates. */
  public static void main(String[] args) {
    int first = args.length > 0 && args[0].equals("--detailed") ? 1 : 0;
    CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
    for (int i = first + 1; i < args.length; i++) {
      anchors.addCertificate(DSSUtils.loadCertificate(new File(args[i])));
    }
    CommonCertificateVerifier verifier = new CommonCertificateVerifier();
    verifier.setTrustedCertSources(anchors);
    SignedDocumentValidator validator =
        SignedDocumentValidator.fromDocument(new FileDocument(new File(args[first])));
    validator.setCertificateVerifier(verifier);
    Reports reports = validator.validateDocument();
    System.out.println(reports.getXmlSimpleReport());
    if (first > 0) {
      System.out.println(reports.getXmlDetailedReport());
    }
    SimpleReport report = reports.getSimpleReport();
    boolean passed = report.getSignaturesCount() > 0;
    for (String id : report.getSignatureIdList()) {
      Indication verdict = report.getIndication(id);
      System.out.println(id + ": " + verdict + " " + report.getSubIndication(id) + " " + report.getSignatureFormat(id));
      passed &= verdict == Indication.TOTAL_PASSED;
    }
    System.exit(passed ? 0 : 1);
  }
}
