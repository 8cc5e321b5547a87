<?php
/**
 * Whether the service takes what is sent.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * What the settings page says about the last delivery, and how long a comparison holds back when the service is away.
 */
final class Delivery_State {

	const OPTION = 'pennypress_delivery';

	/** Seconds between two notes that all is well. */
	const NOTE_EVERY = 10;

	/**
	 * The state.
	 *
	 * @return array{well: int, wrong: int, error: string, until: int} Unix times of the last success and the last failure, what
	 *                         failed (empty if the last delivery went well), and when it is tried again.
	 */
	public static function get() {
		$saved = get_option( self::OPTION );
		return array_merge(
			array(
				'well'  => 0,
				'wrong' => 0,
				'error' => '',
				'until' => 0,
			),
			is_array( $saved ) ? $saved : array()
		);
	}

	/**
	 * Something was taken.
	 */
	public static function went_well() {
		$state = self::get();
		if ( '' !== $state['error'] || time() - $state['well'] >= self::NOTE_EVERY ) {
			$state['well']  = time();
			$state['error'] = '';
			$state['until'] = 0;
			update_option( self::OPTION, $state, false );
		}
	}

	/**
	 * Nothing was taken.
	 *
	 * @param string $error Why.
	 * @param int    $delay Seconds until it is tried again.
	 */
	public static function went_wrong( $error, $delay ) {
		$state          = self::get();
		$state['wrong'] = time();
		$state['error'] = $error;
		$state['until'] = time() + $delay;
		update_option( self::OPTION, $state, false );
	}

	/**
	 * Lets everything be tried at once.
	 */
	public static function try_again() {
		$state          = self::get();
		$state['until'] = 0;
		update_option( self::OPTION, $state, false );
	}
}
