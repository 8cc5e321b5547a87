<?php
/**
 * What a visitor's call is refused with.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * An error in the form that the service uses too: application/problem+json (RFC 9457) with a stable code.
 */
final class Problem extends \Exception {

	const TITLES = array(
		400 => 'Bad Request',
		403 => 'Forbidden',
		404 => 'Not Found',
		405 => 'Method Not Allowed',
		413 => 'Content Too Large',
		415 => 'Unsupported Media Type',
		503 => 'Service Unavailable',
	);

	/**
	 * The HTTP status.
	 *
	 * @var int
	 */
	public $status;

	/**
	 * The stable code that programs go by.
	 *
	 * @var string
	 */
	public $code_word;

	/**
	 * A problem.
	 *
	 * @param int    $status    One of TITLES.
	 * @param string $code_word The stable code that programs go by.
	 * @param string $detail    A sentence for a person; nothing of the site's inside.
	 */
	public function __construct( $status, $code_word, $detail ) {
		parent::__construct( $detail );
		$this->status    = $status;
		$this->code_word = $code_word;
	}

	/**
	 * The service cannot be reached, or something else answers at its address. Why is not the visitor's business: the
	 * settings page has a test that tells the site's owner.
	 *
	 * @return Problem
	 */
	public static function unavailable() {
		return new self( 503, 'unavailable', 'The assistant cannot be reached at the moment. Please try again in a little while.' );
	}

	/**
	 * The body.
	 *
	 * @return string
	 */
	public function json() {
		$body = array(
			'type'   => 'about:blank',
			'title'  => self::TITLES[ $this->status ],
			'status' => $this->status,
			'code'   => $this->code_word,
			'detail' => $this->getMessage(),
		);
		return (string) wp_json_encode( $body, JSON_UNESCAPED_SLASHES );
	}
}
